-- In the last year, planned beds are the counted, new elderly beds of the county's projects.
WITH last AS (
  SELECT county_code, bed_type, arg_max(beds, year) AS beds FROM mart_bed_supply WHERE status = 'planned' AND bed_type IN ('all', 'nursing') GROUP BY county_code, bed_type
),
projects AS (
  SELECT p.county_code, CASE o.output WHEN 'nursing_beds' THEN 'nursing' ELSE 'all' END AS bed_type, sum(o.quantity) AS beds
  FROM fct_project_output AS o
  JOIN fct_project AS p ON p.project_id = o.project_id
  WHERE o.output IN ('beds', 'nursing_beds') AND o.increment = 'new' AND o.bed_class = 'elderly' AND o.counted
  GROUP BY p.county_code, CASE o.output WHEN 'nursing_beds' THEN 'nursing' ELSE 'all' END
)
SELECT coalesce(l.county_code, p.county_code) || '/' || coalesce(l.bed_type, p.bed_type) AS row_key, l.beds AS value, p.beds AS projects
FROM last AS l
FULL JOIN projects AS p ON p.county_code = l.county_code AND p.bed_type = l.bed_type
WHERE coalesce(l.beds, 0) <> coalesce(p.beds, 0)
