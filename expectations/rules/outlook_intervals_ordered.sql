-- Percentiles rise, and come as a pair or not at all.
SELECT concat_ws('/', county_code, year, age_band, sex) AS row_key, p50 AS value, p2_5, p10, p90, p97_5
FROM mart_elderly_outlook
WHERE p2_5 > p10 OR p10 > p50 OR p50 > p90 OR p90 > p97_5 OR p50 < 0
   OR (p10 IS NULL) <> (p90 IS NULL) OR (p2_5 IS NULL) <> (p97_5 IS NULL)
