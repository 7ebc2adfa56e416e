-- The money of a county and commitment is the sum of its projects.
WITH spread AS (SELECT county_code, commitment, sum(amount_wan) AS amount FROM mart_investment GROUP BY county_code, commitment),
projects AS (
  SELECT county_code, commitment, sum(total_investment_wan) AS amount FROM fct_project
  WHERE total_investment_wan IS NOT NULL GROUP BY county_code, commitment
)
SELECT coalesce(p.county_code, s.county_code) || '/' || coalesce(p.commitment, s.commitment) AS row_key, s.amount AS value, p.amount AS projects
FROM projects AS p
FULL JOIN spread AS s ON s.county_code = p.county_code AND s.commitment = p.commitment
WHERE abs(coalesce(p.amount, 0) - coalesce(s.amount, 0)) > 0.5
