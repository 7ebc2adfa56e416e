-- Every statement printed with digits in a document has its numeral in the ledger.
SELECT o.observation_id AS row_key, o.value_as_printed AS value, o.source_line
FROM fct_observation AS o
WHERE o.place <> 'actuals' AND regexp_matches(o.value_as_printed, '[0-9]')
  AND NOT EXISTS (SELECT 1 FROM fct_figure_fact AS f
                  WHERE f.fact_table = 'fct_observation' AND f.fact_id = o.observation_id AND f.column_name = 'value_as_printed')
