-- Progress as handed in; empty until a county reports.
SELECT project AS project_id, as_of, stage, funds_arrived_wan, invested_wan, outputs_completed, source_id
FROM stg_progress
