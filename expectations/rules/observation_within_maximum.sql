-- A share does not exceed what its indicator can reach (registry/indicators.csv, maximum).
SELECT o.observation_id AS row_key, o.value, i.indicator_id, CAST(i.maximum AS DOUBLE) AS maximum
FROM fct_observation AS o
JOIN reg_indicators AS i ON i.indicator_id = o.indicator_id
WHERE o.value > CAST(NULLIF(i.maximum, '') AS DOUBLE) OR (o.unit IN ('pct', 'permille') AND o.value < 0)
