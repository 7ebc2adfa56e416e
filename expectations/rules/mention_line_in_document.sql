-- The line lies inside the document.
SELECT m.mention_id AS row_key, m.source_line AS value, s.line_count
FROM fct_project_mention AS m
JOIN fct_project AS p ON p.project_id = m.project_id
JOIN dim_source AS s ON s.source_id = p.source_id
WHERE m.source_line < 1 OR m.source_line > s.line_count OR split_part(m.mention_id, '-', 1) <> p.county_code
