-- Deaths change by less than 25 % from year to year.
SELECT concat_ws('/', county_code, year, scenario) AS row_key, deaths_p50 AS value, before
FROM (SELECT *, lag(deaths_p50) OVER (PARTITION BY county_code, scenario ORDER BY year) AS before FROM mart_cemetery_outlook) AS m
WHERE abs(deaths_p50 / NULLIF(before, 0) - 1) > 0.25
