-- One row per target that restates no other, and none besides.
SELECT coalesce(o.observation_id, t.target_id) AS row_key, o.value_as_printed AS value, t.target_id
FROM (SELECT * FROM fct_observation WHERE measure = 'target' AND restates IS NULL) AS o
FULL JOIN mart_target AS t ON t.target_id = o.observation_id
WHERE o.observation_id IS NULL OR t.target_id IS NULL
