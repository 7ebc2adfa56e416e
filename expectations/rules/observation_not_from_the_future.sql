-- What was achieved lies before or in the plan's first year; a yearly report speaks of its own year.
SELECT o.observation_id AS row_key, o.period_end AS value, s.period_start AS first_year
FROM fct_observation AS o
JOIN dim_source AS s ON s.source_id = o.source_id
WHERE o.measure IN ('actual', 'cumulative')
  AND o.period_end > CASE o.place WHEN 'actuals' THEN s.period_end ELSE s.period_start END
