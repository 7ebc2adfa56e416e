-- Where each numeral goes.
SELECT county_code, line AS source_line, occurrence, fact_table, fact_id, column_name FROM stg_figure_facts
