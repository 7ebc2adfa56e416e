-- One row per promise: a target and its restatements count once, under one of their own statements.
WITH promised AS (
  SELECT DISTINCT coalesce(restates, observation_id) AS root FROM fct_observation WHERE measure = 'target'
),
shown AS (
  SELECT coalesce(o.restates, o.observation_id, t.target_id) AS root, count(*) AS rows_shown, min(t.target_id) AS target_id
  FROM mart_target AS t
  LEFT JOIN fct_observation AS o ON o.observation_id = t.target_id AND o.measure = 'target'
  GROUP BY coalesce(o.restates, o.observation_id, t.target_id)
)
SELECT coalesce(p.root, s.root) AS row_key, coalesce(s.rows_shown, 0) AS value, s.target_id
FROM promised AS p
FULL JOIN shown AS s ON s.root = p.root
WHERE p.root IS NULL OR s.root IS NULL OR s.rows_shown <> 1
