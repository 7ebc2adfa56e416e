-- A target beyond the plan's last year is a vision, to be looked at.
SELECT o.observation_id AS row_key, o.period_end AS value, s.period_end AS last_year
FROM fct_observation AS o
JOIN dim_source AS s ON s.source_id = o.source_id
WHERE o.measure = 'target' AND o.period_end > s.period_end
