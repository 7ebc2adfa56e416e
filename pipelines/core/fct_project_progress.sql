-- Progress as handed in; empty until a county reports.
SELECT p.project AS project_id, p.as_of, p.stage, p.funds_arrived_wan, p.invested_wan, p.outputs_completed, s.source_id
FROM stg_progress AS p
JOIN stg_source AS s ON s.county_code = p.county_code AND s.sha256 IS NOT NULL
