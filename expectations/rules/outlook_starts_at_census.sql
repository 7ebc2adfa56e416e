-- In 2020 the projection is the census.
WITH census AS (
  SELECT county_code, sex, age_from, persons FROM fct_population WHERE year = 2020 AND basis = 'resident' AND sex <> 'both'
  UNION ALL
  SELECT county_code, 'both', age_from, persons FROM fct_population WHERE year = 2020 AND basis = 'resident' AND sex <> 'both'
)
SELECT concat_ws('/', m.county_code, m.age_band, m.sex) AS row_key, m.p50 AS value, sum(c.persons) AS census
FROM mart_elderly_outlook AS m
LEFT JOIN census AS c ON c.county_code = m.county_code AND c.sex = m.sex AND c.age_from >= CAST(replace(m.age_band, '+', '') AS INTEGER)
WHERE m.year = 2020
GROUP BY m.county_code, m.age_band, m.sex, m.p50
HAVING coalesce(abs(m.p50 - sum(c.persons)), 1e9) > 0.5
