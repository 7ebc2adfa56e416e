-- Between 3 and 25 of 1,000 residents (2020) die in a year.
SELECT concat_ws('/', m.county_code, m.year, m.scenario) AS row_key, m.deaths_p50 AS value, round(1000.0 * m.deaths_p50 / p.residents, 1) AS rate
FROM mart_cemetery_outlook AS m
JOIN (SELECT county_code, sum(persons) AS residents FROM fct_population WHERE year = 2020 AND sex <> 'both' GROUP BY county_code) AS p
  ON p.county_code = m.county_code
WHERE NOT 1000.0 * m.deaths_p50 / p.residents BETWEEN 3 AND 25
