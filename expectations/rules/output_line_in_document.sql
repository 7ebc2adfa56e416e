-- The line lies inside the document of the project.
SELECT o.output_id AS row_key, o.source_line AS value, s.line_count
FROM fct_project_output AS o
JOIN fct_project AS p ON p.project_id = o.project_id
JOIN dim_source AS s ON s.source_id = p.source_id
WHERE o.source_line < 1 OR o.source_line > s.line_count OR split_part(o.output_id, '-', 1) <> p.county_code
