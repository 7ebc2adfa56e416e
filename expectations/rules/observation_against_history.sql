-- A yearly report differs from the county's own last figure by more than a factor of five.
WITH series AS (
  SELECT o.observation_id, o.value, o.place, o.period_end, i.nature,
         lag(o.value) OVER own AS before, lag(o.period_end) OVER own AS year_before
  FROM fct_observation AS o
  JOIN dim_indicator AS i ON i.indicator_id = o.indicator_id
  WHERE o.measure = 'actual' AND o.restates IS NULL AND o.value IS NOT NULL AND o.project_id IS NULL
    AND (o.period_start = o.period_end OR o.period_start IS NULL)
  WINDOW own AS (PARTITION BY o.county_code, o.indicator_id, o.breakdown ORDER BY o.period_end, o.observation_id)
)
SELECT observation_id AS row_key, value, before, year_before
FROM series
WHERE place = 'actuals' AND value > 0 AND before > 0 AND greatest(value, before) >= 20
  AND greatest(value / before, before / value) > 5
