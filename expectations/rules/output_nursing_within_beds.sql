-- Nursing beds of a project are part of its beds.
SELECT project_id AS row_key, sum(CASE output WHEN 'nursing_beds' THEN quantity END) AS value, sum(CASE output WHEN 'beds' THEN quantity END) AS beds
FROM fct_project_output
WHERE counted
GROUP BY project_id
HAVING sum(CASE output WHEN 'nursing_beds' THEN quantity END) > sum(CASE output WHEN 'beds' THEN quantity END)
