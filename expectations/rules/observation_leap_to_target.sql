-- A target more than ten times its baseline, or less than a tenth: a digit too many or too few?
SELECT t.observation_id AS row_key, t.value, b.value AS baseline, b.observation_id AS baseline_id
FROM fct_observation AS t
JOIN fct_observation AS b ON b.county_code = t.county_code AND b.indicator_id = t.indicator_id
  AND b.breakdown IS NOT DISTINCT FROM t.breakdown
WHERE t.measure = 'target' AND b.measure = 'actual' AND b.restates IS NULL AND t.restates IS NULL
  AND t.target_level = 'county' AND t.project_id IS NULL AND b.project_id IS NULL
  AND b.period_end < t.period_end AND b.value > 0 AND t.value > 0 AND greatest(t.value / b.value, b.value / t.value) > 10
