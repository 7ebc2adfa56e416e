-- A position of a printed row holds one amount.
SELECT min(funding_id) AS row_key, position AS value, project_id, source_line
FROM fct_project_funding
GROUP BY project_id, position, source_line
HAVING count(*) > 1
