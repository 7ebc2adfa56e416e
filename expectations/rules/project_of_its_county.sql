-- The id, the county and the document of a project belong to one county.
SELECT p.project_id AS row_key, p.county_code AS value, s.county_code AS source_county
FROM fct_project AS p
LEFT JOIN dim_source AS s ON s.source_id = p.source_id
WHERE split_part(p.project_id, '-', 1) <> p.county_code OR s.county_code IS DISTINCT FROM p.county_code
