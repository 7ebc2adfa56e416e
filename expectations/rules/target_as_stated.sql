-- County, indicator, value, unit, level and line are those of the statement.
SELECT t.target_id AS row_key, t.target AS value, o.value AS stated
FROM mart_target AS t
JOIN fct_observation AS o ON o.observation_id = t.target_id
WHERE t.target IS DISTINCT FROM o.value OR t.county_code <> o.county_code OR t.indicator_id <> o.indicator_id OR t.unit <> o.unit
   OR t.target_level <> o.target_level OR t.qualifier <> o.qualifier OR t.source_line IS DISTINCT FROM o.source_line
   OR (o.period_end IS NOT NULL AND t.target_year <> o.period_end)
