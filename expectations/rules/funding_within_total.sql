-- No single funding part is larger than the whole project.
SELECT f.funding_id AS row_key, f.amount_wan AS value, p.total_investment_wan AS total
FROM fct_project_funding AS f
JOIN fct_project AS p ON p.project_id = f.project_id
WHERE f.amount_wan > p.total_investment_wan + 0.005
