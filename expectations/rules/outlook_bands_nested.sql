-- 60+ holds 65+, and 65+ holds 80+.
SELECT concat_ws('/', a.county_code, a.year, a.age_band, a.sex) AS row_key, a.p50 AS value, b.age_band, b.p50 AS inner_p50
FROM mart_elderly_outlook AS a
JOIN mart_elderly_outlook AS b ON b.county_code = a.county_code AND b.year = a.year AND b.sex = a.sex AND b.age_band > a.age_band
WHERE b.p50 > a.p50
