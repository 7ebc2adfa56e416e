-- The line lies inside the document, and the document is the county's.
SELECT f.county_code || '/' || f.source_line || '/' || f.occurrence AS row_key, f.source_line AS value, s.line_count
FROM fct_source_figure AS f
JOIN dim_source AS s ON s.source_id = f.source_id
WHERE f.source_line < 1 OR f.source_line > s.line_count OR s.county_code <> f.county_code
