-- Without an actual there is no verdict of pace; a pace goes with a verdict of pace.
SELECT target_id AS row_key, verdict AS value, latest_actual, pace
FROM mart_target
WHERE (latest_actual IS NULL AND verdict IN ('completed', 'met_early', 'ahead', 'on_schedule', 'slow', 'far_behind', 'reversing', 'held',
                                             'margin_shrinking', 'breached', 'level_met', 'level_not_met'))
   OR (pace IS NULL AND verdict IN ('ahead', 'on_schedule', 'slow', 'far_behind', 'reversing'))
