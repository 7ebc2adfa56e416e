-- One project of one county stands once.
SELECT min(project_id) AS row_key, string_agg(project_id, ', ' ORDER BY project_id) AS value, min(name_zh) AS name_zh
FROM fct_project
GROUP BY county_code, regexp_replace(name_zh, '[\s（）()“”"]', '', 'g')
HAVING count(*) > 1
