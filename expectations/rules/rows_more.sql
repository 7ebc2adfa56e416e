-- Rows per county and raw-derived table: more rows than expectations/row_counts.json says, for counties
-- of this release that are not held back. Raw data without such a file have no expectation.
WITH counted AS (
  SELECT county_code, 'fct_observation' AS table_name, count(*) AS rows FROM fct_observation GROUP BY county_code
  UNION ALL SELECT county_code, 'fct_project', count(*) FROM fct_project GROUP BY county_code
  UNION ALL SELECT split_part(project_id, '-', 1), 'fct_project_mention', count(*) FROM fct_project_mention GROUP BY split_part(project_id, '-', 1)
  UNION ALL SELECT split_part(project_id, '-', 1), 'fct_project_funding', count(*) FROM fct_project_funding GROUP BY split_part(project_id, '-', 1)
  UNION ALL SELECT split_part(project_id, '-', 1), 'fct_project_output', count(*) FROM fct_project_output GROUP BY split_part(project_id, '-', 1)
  UNION ALL SELECT county_code, 'fct_population', count(*) FROM fct_population GROUP BY county_code
  UNION ALL SELECT county_code, 'fct_source_figure', count(*) FROM fct_source_figure GROUP BY county_code
  UNION ALL SELECT county_code, 'fct_figure_fact', count(*) FROM fct_figure_fact GROUP BY county_code
  UNION ALL SELECT county_code, 'fct_correction', count(*) FROM fct_correction GROUP BY county_code
)
SELECT coalesce(e.county_code, c.county_code) || '/' || coalesce(e.table_name, c.table_name) AS row_key, coalesce(c.rows, 0) AS value, coalesce(e.rows, 0) AS expected
FROM (SELECT * FROM expected_rows WHERE county_code IN (SELECT county_code FROM dim_county WHERE has_plan)) AS e
FULL JOIN counted AS c ON c.county_code = e.county_code AND c.table_name = e.table_name
WHERE coalesce(c.rows, 0) > coalesce(e.rows, 0)
  AND coalesce(e.county_code, c.county_code) NOT IN (SELECT county_code FROM mart_held_back)
  AND EXISTS (SELECT 1 FROM expected_rows)
