-- A target is not worse than the baseline of its indicator table (or of the document, where no table has it).
WITH baseline AS (
  SELECT county_code, indicator_id, breakdown, value, observation_id, period_end,
         row_number() OVER (PARTITION BY county_code, indicator_id, breakdown
                            ORDER BY CASE place WHEN 'indicator_table' THEN 0 ELSE 1 END, period_end DESC, observation_id) AS place_order
  FROM fct_observation
  WHERE measure = 'actual' AND restates IS NULL AND value IS NOT NULL AND project_id IS NULL AND place <> 'actuals'
)
SELECT t.observation_id AS row_key, t.value, b.value AS baseline, b.observation_id AS baseline_id, i.name_zh, i.name_en
FROM fct_observation AS t
JOIN dim_indicator AS i ON i.indicator_id = t.indicator_id
JOIN baseline AS b ON b.county_code = t.county_code AND b.indicator_id = t.indicator_id
  AND b.breakdown IS NOT DISTINCT FROM t.breakdown AND b.place_order = 1 AND b.period_end < t.period_end
WHERE t.measure = 'target' AND t.restates IS NULL AND t.target_level = 'county' AND t.project_id IS NULL
  AND ((i.better = 'higher' AND t.value < b.value AND t.qualifier IN ('=', '>=', '>', '~'))
    OR (i.better = 'lower' AND t.value > b.value AND t.qualifier IN ('=', '<=', '<', '~')))
