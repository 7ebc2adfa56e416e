-- An investment printed with digits has its numeral in the ledger.
SELECT m.mention_id AS row_key, m.total_investment_wan_as_printed AS value, m.source_line
FROM fct_project_mention AS m
WHERE regexp_matches(m.total_investment_wan_as_printed, '[0-9]')
  AND NOT EXISTS (SELECT 1 FROM fct_figure_fact AS f
                  JOIN fct_source_figure AS g ON g.county_code = f.county_code AND g.source_line = f.source_line AND g.occurrence = f.occurrence
                  WHERE f.fact_table = 'fct_project' AND f.fact_id = m.project_id AND f.column_name = 'total_investment_wan_as_printed'
                    AND contains(replace(m.total_investment_wan_as_printed, ',', ''), g.printed))
