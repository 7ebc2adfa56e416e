-- The line lies inside the document of the project.
SELECT f.funding_id AS row_key, f.source_line AS value, s.line_count
FROM fct_project_funding AS f
JOIN fct_project AS p ON p.project_id = f.project_id
JOIN dim_source AS s ON s.source_id = p.source_id
WHERE f.source_line < 1 OR f.source_line > s.line_count OR split_part(f.funding_id, '-', 1) <> p.county_code
