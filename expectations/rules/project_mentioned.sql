-- Every project stands somewhere: one of its mentions is on its line.
SELECT p.project_id AS row_key, p.source_line AS value, p.name_zh
FROM fct_project AS p
WHERE NOT EXISTS (SELECT 1 FROM fct_project_mention AS m WHERE m.project_id = p.project_id AND m.source_line = p.source_line)
