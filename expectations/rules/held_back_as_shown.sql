-- A county held back is shown with its last good data, or it is absent and says so.
SELECT h.county_code AS row_key, h.used_input_hash AS value, h.problems
FROM mart_held_back AS h
LEFT JOIN dim_county AS c ON c.county_code = h.county_code AND c.has_plan
WHERE (h.used_input_hash IS NULL) <> (c.county_code IS NULL) OR h.problems < 1
