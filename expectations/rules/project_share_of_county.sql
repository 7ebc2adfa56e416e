-- One project is more than ten times the mean of the county's other projects together: a digit too many?
WITH sums AS (
  SELECT county_code, sum(total_investment_wan) AS total, count(total_investment_wan) AS projects FROM fct_project GROUP BY county_code
)
SELECT p.project_id AS row_key, p.total_investment_wan AS value, s.total - p.total_investment_wan AS others
FROM fct_project AS p
JOIN sums AS s ON s.county_code = p.county_code
WHERE s.projects > 5 AND p.total_investment_wan > 1.5 * (s.total - p.total_investment_wan)
