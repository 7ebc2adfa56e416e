-- The id, the county and the document of a statement belong to one county.
SELECT o.observation_id AS row_key, o.county_code AS value, s.county_code AS source_county
FROM fct_observation AS o
LEFT JOIN dim_source AS s ON s.source_id = o.source_id
WHERE split_part(o.observation_id, '-', 1) <> o.county_code OR s.county_code IS DISTINCT FROM o.county_code
