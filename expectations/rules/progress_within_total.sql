-- Money arrived and spent stays near the project's total.
SELECT g.project_id || '/' || CAST(g.as_of AS VARCHAR) AS row_key, greatest(g.invested_wan, g.funds_arrived_wan) AS value, p.total_investment_wan AS total
FROM fct_project_progress AS g
JOIN fct_project AS p ON p.project_id = g.project_id
WHERE g.invested_wan > 1.2 * p.total_investment_wan OR g.funds_arrived_wan > 1.2 * p.total_investment_wan
