-- The amount is the printed number, unless a repair was declared.
SELECT f.funding_id AS row_key, f.amount_wan AS value, f.value_as_printed AS printed
FROM fct_project_funding AS f
WHERE coalesce(abs(f.amount_wan - try_cast(regexp_extract(replace(f.value_as_printed, ',', ''), '[0-9]+(\.[0-9]+)?') AS DOUBLE)), 1) > 0.005
  AND NOT EXISTS (SELECT 1 FROM fct_correction AS c
                  WHERE c.table_name = 'project_funding' AND c.county_code || '-' || c.row_key = f.funding_id AND c.column_name = 'value_printed')
