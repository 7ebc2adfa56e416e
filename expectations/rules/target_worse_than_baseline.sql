-- A target worse than its baseline (a document may promise less than it has).
SELECT t.target_id AS row_key, t.target AS value, t.baseline, i.name_zh, i.name_en
FROM mart_target AS t
JOIN dim_indicator AS i ON i.indicator_id = t.indicator_id
WHERE t.target_level = 'county' AND t.target_type <> 'cumulative'
  AND ((i.better = 'higher' AND t.target < t.baseline) OR (i.better = 'lower' AND t.target > t.baseline))
