-- Every quantity printed with digits has its numeral in the ledger.
SELECT o.output_id AS row_key, o.value_as_printed AS value, o.source_line
FROM fct_project_output AS o
WHERE regexp_matches(o.value_as_printed, '[0-9]')
  AND NOT EXISTS (SELECT 1 FROM fct_figure_fact AS f WHERE f.fact_table = 'fct_project_output' AND f.fact_id = o.output_id)
