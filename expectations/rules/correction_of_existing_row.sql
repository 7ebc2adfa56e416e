-- A repair names a row that exists.
WITH ids AS (
  SELECT 'statistics' AS table_name, observation_id AS id FROM fct_observation
  UNION ALL SELECT 'projects', mention_id FROM fct_project_mention
  UNION ALL SELECT 'project_funding', funding_id FROM fct_project_funding
  UNION ALL SELECT 'project_outputs', output_id FROM fct_project_output
)
SELECT c.correction_id AS row_key, c.table_name || '.' || c.row_key AS value
FROM fct_correction AS c
LEFT JOIN ids AS i ON i.table_name = c.table_name AND i.id = c.county_code || '-' || c.row_key
WHERE c.table_name IN ('statistics', 'projects', 'project_funding', 'project_outputs') AND i.id IS NULL
