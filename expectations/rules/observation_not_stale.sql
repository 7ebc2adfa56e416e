-- What was achieved is not older than the plan before.
SELECT o.observation_id AS row_key, o.period_end AS value, s.period_start AS first_year
FROM fct_observation AS o
JOIN dim_source AS s ON s.source_id = o.source_id
WHERE o.measure IN ('actual', 'cumulative') AND o.period_end < s.period_start - CASE o.place WHEN 'actuals' THEN 0 ELSE 6 END
