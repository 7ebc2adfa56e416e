-- The capacity of the outlook is the sum of the places that count, for all classes and for public-benefit cemeteries alone; a sum taken
-- in another order may differ in the last binary digit, so they are equal to a billionth.
WITH counted AS (
  SELECT county_code, 'all' AS capacity_class, sum(places) AS places FROM mart_cemetery_capacity WHERE in_capacity GROUP BY county_code
  UNION ALL
  SELECT county_code, 'public_benefit', sum(places) FROM mart_cemetery_capacity
  WHERE in_capacity AND ownership = 'public_benefit' GROUP BY county_code
),
shown AS (SELECT county_code, capacity_class, max(capacity) AS capacity FROM mart_cemetery_class_outlook GROUP BY county_code, capacity_class)
SELECT s.county_code || '/' || s.capacity_class AS row_key, s.capacity AS value, c.places AS expected
FROM shown AS s
LEFT JOIN counted AS c ON c.county_code = s.county_code AND c.capacity_class = s.capacity_class
WHERE abs(s.capacity - c.places) > 1e-9 * c.places OR (s.capacity IS NULL) <> (c.places IS NULL)
