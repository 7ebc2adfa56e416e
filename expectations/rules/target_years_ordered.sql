-- The baseline comes before the target, and the latest actual not before the baseline.
SELECT target_id AS row_key, target_year AS value, baseline_year, latest_year
FROM mart_target
WHERE baseline_year > target_year OR latest_year < baseline_year
