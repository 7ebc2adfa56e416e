-- Every county with a plan has 2020 to 2035 for 60+, 65+ and 80+, both sexes together.
SELECT c.county_code || '/' || b.age_band AS row_key, count(DISTINCT m.year) AS value
FROM dim_county AS c
CROSS JOIN (SELECT '60+' AS age_band UNION ALL SELECT '65+' UNION ALL SELECT '80+') AS b
LEFT JOIN mart_elderly_outlook AS m ON m.county_code = c.county_code AND m.age_band = b.age_band AND m.sex = 'both' AND m.year BETWEEN 2020 AND 2035
WHERE c.has_plan
GROUP BY c.county_code, b.age_band
HAVING count(DISTINCT m.year) <> 16
