-- Every compared value is a statement of that county, indicator and measure.
SELECT m.row_id AS row_key, m.value, o.value AS stated
FROM mart_county_comparison AS m
LEFT JOIN fct_observation AS o ON o.observation_id = m.row_id
WHERE o.observation_id IS NULL OR m.value <> o.value OR m.county_code <> o.county_code OR m.indicator_id <> o.indicator_id
   OR m.measure <> o.measure OR m.unit <> o.unit OR m.source_line IS DISTINCT FROM o.source_line OR o.restates IS NOT NULL
