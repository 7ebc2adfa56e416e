-- The quantity is the printed number times 1, 万 or a conversion of its unit, unless a repair was declared.
WITH read AS (
  SELECT o.output_id, o.quantity, o.value_as_printed, o.unit,
         try_cast(regexp_extract(replace(o.value_as_printed, ',', ''), '[0-9]+(\.[0-9]+)?') AS DOUBLE) AS number
  FROM fct_project_output AS o
  WHERE NOT EXISTS (SELECT 1 FROM fct_correction AS c
                    WHERE c.table_name = 'project_outputs' AND c.county_code || '-' || c.row_key = o.output_id)
)
SELECT output_id AS row_key, quantity AS value, value_as_printed AS printed
FROM read
WHERE (quantity IS NULL AND number IS NOT NULL)
   OR (number IS NOT NULL AND abs(quantity - number) > 1e-6 * number AND abs(quantity - number * 10000) > 1e-6 * number * 10000)
   OR (number >= 100 AND abs(quantity - number) > 1e-6 * number)
