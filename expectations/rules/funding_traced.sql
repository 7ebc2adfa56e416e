-- Every printed amount has its numeral in the ledger.
SELECT f.funding_id AS row_key, f.value_as_printed AS value, f.source_line
FROM fct_project_funding AS f
WHERE NOT EXISTS (SELECT 1 FROM fct_figure_fact AS g WHERE g.fact_table = 'fct_project_funding' AND g.fact_id = f.funding_id)
