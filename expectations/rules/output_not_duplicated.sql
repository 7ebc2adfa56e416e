-- One output of one mention has one row.
SELECT min(output_id) AS row_key, string_agg(output_id, ', ' ORDER BY output_id) AS value
FROM fct_project_output
WHERE counted
GROUP BY project_id, output, label, mention, source_line, value_as_printed, unit
HAVING count(*) > 1
