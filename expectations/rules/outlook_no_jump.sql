-- No band changes by more than 15 % in a year (40 % below 5,000 persons), and no year is left out.
SELECT concat_ws('/', county_code, year, age_band, sex) AS row_key, p50 AS value, before
FROM (SELECT *, lag(p50) OVER series AS before, lag(year) OVER series AS year_before
      FROM mart_elderly_outlook WINDOW series AS (PARTITION BY county_code, age_band, sex ORDER BY year)) AS m
WHERE abs(p50 / NULLIF(before, 0) - 1) > CASE WHEN before < 5000 THEN 0.4 ELSE 0.15 END OR year <> year_before + 1
