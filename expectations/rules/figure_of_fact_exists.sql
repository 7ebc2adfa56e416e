-- What leads to a fact is a numeral of the ledger.
SELECT concat_ws('/', f.county_code, f.source_line, f.occurrence) AS row_key, f.fact_id AS value
FROM fct_figure_fact AS f
LEFT JOIN fct_source_figure AS g ON g.county_code = f.county_code AND g.source_line = f.source_line AND g.occurrence = f.occurrence
WHERE g.printed IS NULL
