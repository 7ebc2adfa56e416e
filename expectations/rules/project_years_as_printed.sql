-- The years of a project are printed at one of its mentions, in figures or as the name of the plan period.
SELECT p.project_id AS row_key, concat_ws('–', p.start_year, p.end_year) AS value
FROM fct_project AS p
WHERE p.start_year IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM fct_project_mention AS m
                  WHERE m.project_id = p.project_id AND contains(m.years_as_printed, CAST(p.start_year AS VARCHAR))
                    AND contains(m.years_as_printed, CAST(p.end_year AS VARCHAR)))
  AND NOT EXISTS (SELECT 1 FROM fct_project_mention AS m
                  WHERE m.project_id = p.project_id AND contains(m.years_as_printed, '十四五')
                    AND p.start_year = 2021 AND p.end_year = 2025)
  AND NOT EXISTS (SELECT 1 FROM fct_correction AS c
                  JOIN fct_project_mention AS m ON m.mention_id = c.county_code || '-' || c.row_key
                  WHERE c.table_name = 'projects' AND m.project_id = p.project_id AND c.column_name = 'years_printed')
