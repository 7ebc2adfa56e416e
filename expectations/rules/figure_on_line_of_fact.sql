-- A numeral stands on the line of the statement that it feeds.
SELECT concat_ws('/', f.county_code, f.source_line, f.occurrence) AS row_key, o.source_line AS value, f.fact_id
FROM fct_figure_fact AS f
JOIN fct_observation AS o ON o.observation_id = f.fact_id
WHERE f.fact_table = 'fct_observation' AND f.source_line <> o.source_line
