-- The funding parts of a project sum to its total (a document may contradict itself here).
SELECT p.project_id AS row_key, sum(f.amount_wan) AS value, p.total_investment_wan AS total, p.name_zh
FROM fct_project AS p
JOIN fct_project_funding AS f ON f.project_id = p.project_id
GROUP BY p.project_id, p.total_investment_wan, p.name_zh
HAVING abs(sum(f.amount_wan) - p.total_investment_wan) > 0.005 OR p.total_investment_wan IS NULL
