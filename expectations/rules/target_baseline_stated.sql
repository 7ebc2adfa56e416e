-- A baseline is a value that the county states for this indicator and year.
SELECT t.target_id AS row_key, t.baseline AS value, t.baseline_year
FROM mart_target AS t
WHERE t.baseline IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM fct_observation AS o
                  WHERE o.county_code = t.county_code AND o.indicator_id = t.indicator_id AND o.value = t.baseline
                    AND o.period_end IS NOT DISTINCT FROM t.baseline_year AND o.measure <> 'target')
