-- Men and women make up both (medians of draws add up to within 2 %).
SELECT concat_ws('/', county_code, year, age_band) AS row_key, max(CASE sex WHEN 'both' THEN p50 END) AS value, sum(CASE WHEN sex <> 'both' THEN p50 END) AS parts
FROM mart_elderly_outlook
GROUP BY county_code, year, age_band
HAVING count(*) > 1
   AND abs(max(CASE sex WHEN 'both' THEN p50 END) - sum(CASE WHEN sex <> 'both' THEN p50 END)) > 0.02 * max(CASE sex WHEN 'both' THEN p50 END) + 2
