-- The money of a county and domain is the sum of its projects.
WITH spread AS (SELECT county_code, domain, sum(amount_wan) AS amount FROM mart_investment GROUP BY county_code, domain),
projects AS (
  SELECT county_code, domain, sum(total_investment_wan) AS amount FROM fct_project
  WHERE total_investment_wan IS NOT NULL GROUP BY county_code, domain
)
SELECT coalesce(p.county_code, s.county_code) || '/' || coalesce(p.domain, s.domain) AS row_key, s.amount AS value, p.amount AS projects
FROM projects AS p
FULL JOIN spread AS s ON s.county_code = p.county_code AND s.domain = p.domain
WHERE abs(coalesce(p.amount, 0) - coalesce(s.amount, 0)) > 0.5
