-- The numeral stands in the printed value of the fact that it feeds (double entry: a changed digit shows here). A year told
-- in a project's progress only has to lie inside the project's years.
WITH printed AS (
  SELECT 'fct_observation' AS fact_table, observation_id AS fact_id, 'value_as_printed' AS column_name, value_as_printed AS text FROM fct_observation
  UNION ALL SELECT 'fct_project_funding', funding_id, 'value_as_printed', value_as_printed FROM fct_project_funding
  UNION ALL SELECT 'fct_project_output', output_id, 'value_as_printed', value_as_printed FROM fct_project_output
  UNION ALL SELECT 'fct_project', project_id, 'total_investment_wan_as_printed', string_agg(total_investment_wan_as_printed, ' ') FROM fct_project_mention GROUP BY project_id
  UNION ALL SELECT 'fct_project', project_id, 'start_year', string_agg(years_as_printed, ' ') FROM fct_project_mention GROUP BY project_id
  UNION ALL SELECT 'fct_project', project_id, 'end_year', string_agg(years_as_printed, ' ') FROM fct_project_mention GROUP BY project_id
)
SELECT concat_ws('/', f.county_code, f.source_line, f.occurrence) AS row_key, g.printed AS value, f.fact_id, p.text AS printed_there
FROM fct_figure_fact AS f
JOIN fct_source_figure AS g ON g.county_code = f.county_code AND g.source_line = f.source_line AND g.occurrence = f.occurrence
JOIN printed AS p ON p.fact_table = f.fact_table AND p.fact_id = f.fact_id AND p.column_name = f.column_name
WHERE NOT list_contains(regexp_extract_all(replace(coalesce(p.text, ''), ',', ''), '[0-9]+(?:\.[0-9]+)?'), g.printed)
  AND NOT (f.column_name = 'end_year' AND EXISTS (
    SELECT 1 FROM fct_project AS x WHERE x.project_id = f.fact_id AND try_cast(g.printed AS INTEGER) BETWEEN x.start_year AND x.end_year))
