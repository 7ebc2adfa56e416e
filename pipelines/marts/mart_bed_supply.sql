-- Beds by year: what the plan reports as standing in 2020, and net-new elderly beds of its projects, cumulated by the
-- year of completion. Existing and planned are never added here. Nursing beds are nursing share x institution beds only.
WITH elderly AS (
  SELECT county_code, year, p50 FROM forecast_elderly WHERE age_band = '60+' AND sex = 'both'
),
counties AS (
  SELECT county_code FROM dim_county WHERE has_plan
),
types AS (
  SELECT 'all' AS bed_type, 'elderly_care_beds' AS indicator_id
  UNION ALL SELECT 'institution', 'institution_beds'
  UNION ALL SELECT 'nursing', 'nursing_beds'
  UNION ALL SELECT 'community', 'community_care_beds'
),
stated AS (
  SELECT o.county_code, t.bed_type, o.value AS beds, o.source_line,
         row_number() OVER (PARTITION BY o.county_code, t.bed_type ORDER BY o.source_line, o.observation_id) AS place
  FROM fct_observation AS o
  JOIN types AS t ON t.indicator_id = o.indicator_id
  WHERE o.measure = 'actual' AND o.restates IS NULL AND o.period_end = 2020 AND o.value IS NOT NULL AND o.breakdown IS NULL
),
share AS (
  SELECT county_code, min(value) AS share_pct, min(source_line) AS source_line
  FROM fct_observation
  WHERE indicator_id = 'nursing_bed_share' AND measure = 'actual' AND period_end = 2020 AND value IS NOT NULL AND restates IS NULL
  GROUP BY county_code
),
baseline AS (
  SELECT county_code, bed_type, beds, 'line ' || CAST(source_line AS VARCHAR) AS basis FROM stated WHERE place = 1
  UNION ALL
  SELECT i.county_code, 'nursing', round(s.share_pct * i.beds / 100.0),
         'line ' || CAST(s.source_line AS VARCHAR) || ' x line ' || CAST(i.source_line AS VARCHAR)
  FROM stated AS i
  JOIN share AS s ON s.county_code = i.county_code
  WHERE i.bed_type = 'institution' AND i.place = 1
    AND i.county_code NOT IN (SELECT county_code FROM stated WHERE bed_type = 'nursing')
),
existing AS (
  SELECT c.county_code, y.year, 'existing' AS status, t.bed_type, b.beds, coalesce(b.basis, 'not_reported') AS basis
  FROM counties AS c
  CROSS JOIN types AS t
  CROSS JOIN reg_years AS y
  LEFT JOIN baseline AS b ON b.county_code = c.county_code AND b.bed_type = t.bed_type
),
additions AS (
  SELECT p.county_code, CASE o.output WHEN 'nursing_beds' THEN 'nursing' ELSE 'all' END AS bed_type, p.end_year,
         p.commitment, sum(o.quantity) AS beds
  FROM fct_project_output AS o
  JOIN fct_project AS p ON p.project_id = o.project_id
  WHERE o.output IN ('beds', 'nursing_beds') AND o.increment = 'new' AND o.bed_class = 'elderly' AND o.counted
  GROUP BY p.county_code, CASE o.output WHEN 'nursing_beds' THEN 'nursing' ELSE 'all' END, p.end_year, p.commitment
),
planned AS (
  SELECT c.county_code, y.year, 'planned' AS status, t.bed_type,
         coalesce(sum(CASE WHEN coalesce(a.end_year, 2025) <= y.year THEN a.beds END), 0.0) AS beds,
         CASE WHEN count(a.beds) = 0 THEN 'no net-new elderly beds in the plan'
              WHEN max(a.commitment) = 'reserve' THEN 'reserve list' ELSE 'projects' END AS basis
  FROM counties AS c
  CROSS JOIN (SELECT 'all' AS bed_type UNION ALL SELECT 'nursing') AS t
  CROSS JOIN reg_years AS y
  LEFT JOIN additions AS a ON a.county_code = c.county_code AND a.bed_type = t.bed_type
  GROUP BY c.county_code, y.year, t.bed_type
),
supply AS (
  SELECT * FROM existing UNION ALL SELECT * FROM planned
)
SELECT s.county_code, s.year, s.status, s.bed_type, s.beds, s.beds * 1000.0 / NULLIF(e.p50, 0) AS per_1000_60plus, s.basis
FROM supply AS s
LEFT JOIN elderly AS e ON e.county_code = s.county_code AND e.year = s.year
