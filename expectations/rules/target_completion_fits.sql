-- A completion rate goes with a verdict at the end (completed, not completed) and with nothing else; there it has no pace beside it.
SELECT target_id AS row_key, completion_rate AS value, verdict, pace
FROM mart_target
WHERE (completion_rate IS NOT NULL AND verdict NOT IN ('completed', 'not_completed', 'not_assessable'))
   OR (completion_rate IS NOT NULL AND (latest_actual IS NULL OR latest_year < target_year))
   OR (pace IS NOT NULL AND verdict IN ('completed', 'not_completed'))
