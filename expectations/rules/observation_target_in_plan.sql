-- A target's year lies inside the plan; only a table of achievements looks back on the plan before.
SELECT o.observation_id AS row_key, o.period_end AS value, s.period_start AS first_year, s.period_end AS last_year
FROM fct_observation AS o
JOIN dim_source AS s ON s.source_id = o.source_id
WHERE o.measure = 'target' AND o.place NOT IN ('achievement_table', 'actuals') AND o.period_end < s.period_start
