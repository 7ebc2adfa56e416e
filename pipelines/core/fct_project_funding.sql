-- Printed funding amounts, with the funder that the position means and how sure that is.
SELECT key AS funding_id, project AS project_id, funder, amount_wan, certainty, position,
       value_printed AS value_as_printed, line AS source_line, reason_zh, reason_en
FROM stg_project_funding
