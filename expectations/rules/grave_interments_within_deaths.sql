-- Interments do not exceed deaths by more than relocated graves can explain.
SELECT concat_ws('/', county_code, year, scenario) AS row_key, interments_p50 AS value, deaths_p50
FROM mart_cemetery_outlook
WHERE interments_p50 > 1.5 * deaths_p50
