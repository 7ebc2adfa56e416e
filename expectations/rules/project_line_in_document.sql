-- The line lies inside the document.
SELECT p.project_id AS row_key, p.source_line AS value, s.line_count
FROM fct_project AS p
JOIN dim_source AS s ON s.source_id = p.source_id
WHERE p.source_line < 1 OR p.source_line > s.line_count
