-- Every county with a plan has both kinds of supply for every year from 2020 to 2035.
SELECT c.county_code || '/' || s.status AS row_key, count(DISTINCT m.year) AS value
FROM dim_county AS c
CROSS JOIN (SELECT 'existing' AS status UNION ALL SELECT 'planned') AS s
LEFT JOIN mart_bed_supply AS m ON m.county_code = c.county_code AND m.status = s.status AND m.bed_type = 'all' AND m.year BETWEEN 2020 AND 2035
WHERE c.has_plan
GROUP BY c.county_code, s.status
HAVING count(DISTINCT m.year) <> 16
