-- A county with a plan has exactly one plan document; only such counties have one.
SELECT c.county_code AS row_key, count(s.source_id) AS value, c.name_zh
FROM dim_county AS c
LEFT JOIN dim_source AS s ON s.county_code = c.county_code AND s.sha256 IS NOT NULL
GROUP BY c.county_code, c.name_zh, c.has_plan
HAVING count(s.source_id) <> CASE WHEN c.has_plan THEN 1 ELSE 0 END
