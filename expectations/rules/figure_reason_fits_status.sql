-- A numeral that measures nothing says why; a fact needs no excuse.
SELECT county_code || '/' || source_line || '/' || occurrence AS row_key, printed AS value, status, reason
FROM fct_source_figure
WHERE (status = 'not_a_measurement') <> (reason IS NOT NULL)
