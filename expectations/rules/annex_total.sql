-- The projects of a table sum to the total that the table prints (projects declared outside of it left out).
WITH printed AS (
  SELECT county_code, observation_id, value
  FROM fct_observation
  WHERE indicator_id = 'project_table_total' AND measure = 'planned' AND value IS NOT NULL AND restates IS NULL
),
summed AS (
  SELECT county_code, sum(total_investment_wan) AS total
  FROM fct_project
  WHERE in_annex AND in_printed_total IS DISTINCT FROM FALSE
  GROUP BY county_code
)
SELECT p.observation_id AS row_key, p.value, s.total
FROM printed AS p
JOIN summed AS s ON s.county_code = p.county_code
WHERE abs(p.value - s.total) > 0.5
