-- A numeral leads to a row that exists in its table, of the same county.
WITH facts AS (
  SELECT 'fct_observation' AS fact_table, observation_id AS fact_id FROM fct_observation
  UNION ALL SELECT 'fct_project', project_id FROM fct_project
  UNION ALL SELECT 'fct_project_funding', funding_id FROM fct_project_funding
  UNION ALL SELECT 'fct_project_output', output_id FROM fct_project_output
)
SELECT concat_ws('/', f.county_code, f.source_line, f.occurrence) AS row_key, f.fact_id AS value, f.fact_table
FROM fct_figure_fact AS f
LEFT JOIN facts AS x ON x.fact_table = f.fact_table AND x.fact_id = f.fact_id
WHERE x.fact_id IS NULL OR split_part(f.fact_id, '-', 1) <> f.county_code
