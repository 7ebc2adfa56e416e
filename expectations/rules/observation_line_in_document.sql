-- The line lies inside the document.
SELECT o.observation_id AS row_key, o.source_line AS value, s.line_count
FROM fct_observation AS o
JOIN dim_source AS s ON s.source_id = o.source_id
WHERE o.place <> 'actuals' AND (o.source_line IS NULL OR o.source_line < 1 OR o.source_line > s.line_count)
