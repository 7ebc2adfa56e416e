-- A project runs within five years of its plan.
SELECT p.project_id AS row_key, concat_ws('–', p.start_year, p.end_year) AS value, s.period_start AS first_year, s.period_end AS last_year
FROM fct_project AS p
JOIN dim_source AS s ON s.source_id = p.source_id
WHERE p.start_year < s.period_start - 5 OR p.end_year > s.period_end + 5 OR p.end_year < s.period_start
