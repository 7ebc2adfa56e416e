-- In 2020 the projection is the census, band by band as far as a county states it: broad ages state 60+ and 65+ in groups that overlap
-- and no 80+; counts of both sexes together state neither of them.
WITH stated AS (
  SELECT county_code, sex, age_from, age_to, persons FROM fct_population WHERE year = 2020 AND basis = 'resident'
), census AS (
  SELECT * FROM stated
  UNION ALL
  SELECT county_code, 'both', age_from, age_to, persons FROM stated
  WHERE county_code NOT IN (SELECT county_code FROM stated WHERE sex = 'both')
), kinds AS (
  SELECT county_code, sex, count(DISTINCT age_from) FILTER (WHERE age_to IS NULL) > 1 AS broad FROM census GROUP BY ALL
), bands AS (
  SELECT county_code, sex, age_band, CAST(replace(age_band, '+', '') AS INTEGER) AS first_age, p50
  FROM mart_elderly_outlook WHERE year = 2020
), compared AS (
  SELECT b.county_code, b.age_band, b.sex, b.p50, any_value(k.broad) AS broad,
         sum(c.persons) FILTER (WHERE NOT k.broad OR (c.age_from = b.first_age AND c.age_to IS NULL)) AS census
  FROM bands AS b
  LEFT JOIN kinds AS k ON k.county_code = b.county_code AND k.sex = b.sex
  LEFT JOIN census AS c ON c.county_code = b.county_code AND c.sex = b.sex AND c.age_from >= b.first_age
  GROUP BY b.county_code, b.age_band, b.sex, b.p50
)
SELECT concat_ws('/', county_code, age_band, sex) AS row_key, p50 AS value, census
FROM compared
WHERE abs(p50 - census) > 0.5
   OR (census IS NULL AND NOT broad)
   OR county_code NOT IN (SELECT county_code FROM stated)
