-- Those aged 60 and over stay below the residents of 2020.
SELECT concat_ws('/', m.county_code, m.year) AS row_key, m.p50 AS value, p.residents
FROM mart_elderly_outlook AS m
JOIN (SELECT county_code, sum(persons) AS residents FROM fct_population WHERE year = 2020 AND sex <> 'both' GROUP BY county_code) AS p
  ON p.county_code = m.county_code
WHERE m.age_band = '60+' AND m.sex = 'both' AND m.p50 > 0.7 * p.residents
