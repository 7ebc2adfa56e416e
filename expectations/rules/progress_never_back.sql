-- What was spent does not shrink from one report to the next.
SELECT project_id || '/' || CAST(as_of AS VARCHAR) AS row_key, invested_wan AS value, before
FROM (SELECT *, lag(invested_wan) OVER (PARTITION BY project_id ORDER BY as_of) AS before FROM fct_project_progress) AS g
WHERE invested_wan < before
