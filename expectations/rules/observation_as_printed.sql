-- The value is the printed number times the factor of the printed unit (万人, 亿元, ‰ …), unless a repair was declared.
-- printed_units: every spelling of the registry with its factor to every unit that it can be read as.
WITH read AS (
  SELECT o.observation_id, o.value, o.value_as_printed, o.unit_as_printed, o.unit,
         coalesce(replace(o.value_as_printed, ',', ''), '') AS text,
         regexp_replace(coalesce(o.unit_as_printed, ''), '^[（(]|[）)]$|\s', '', 'g') AS spelling
  FROM fct_observation AS o
  WHERE o.value IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM fct_correction AS c
                    WHERE c.table_name = 'statistics' AND c.county_code || '-' || c.row_key = o.observation_id)
),
scaled AS (
  SELECT r.*,
         coalesce(try_cast(r.text AS DOUBLE), try_cast(regexp_extract(r.text, '[0-9]+(\.[0-9]+)?') AS DOUBLE))
         * coalesce(p.factor, 1.0)
         * CASE WHEN regexp_matches(r.text, '[0-9][余多]?万') AND r.unit <> 'wan_yuan' THEN 10000.0
                WHEN regexp_matches(r.text, '[0-9][余多]?亿') THEN CASE r.unit WHEN 'wan_yuan' THEN 10000.0 ELSE 100000000.0 END
                ELSE 1.0 END AS expected
  FROM read AS r
  LEFT JOIN printed_units AS p ON p.unit = r.unit AND p.spelling = r.spelling
)
SELECT observation_id AS row_key, value, value_as_printed, coalesce(unit_as_printed, '') AS unit_as_printed, expected
FROM scaled
WHERE (regexp_matches(text, '[0-9]')
       AND (expected IS NULL OR abs(value - expected) > 1e-4 * greatest(abs(value), abs(expected))))
   OR (NOT regexp_matches(text, '[0-9百千万亿]') AND value > 100)
