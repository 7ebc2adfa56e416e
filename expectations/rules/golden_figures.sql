-- Figures that every release must reproduce (MART_CONTRACT.md), of the counties that it holds. The expected values and
-- their document lines stand in expectations/golden.json; a figure that is not there counts as 0.
WITH annex AS (
  SELECT county_code, project_id, source_line, coalesce(total_investment_wan, 0) AS wan, in_printed_total
  FROM fct_project WHERE in_annex
),
cemeteries AS (
  SELECT county_code, coalesce(total_investment_wan, 0) AS wan FROM fct_project WHERE domain = 'funeral' AND total_investment_wan IS NOT NULL
),
stated AS (
  SELECT county_code, indicator_id, value, source_line, place, measure, period_end FROM fct_observation WHERE restates IS NULL
),
census AS (
  SELECT county_code, sex, age_from, persons FROM fct_population WHERE year = 2020 AND basis = 'resident' AND sex <> 'both'
),
excess AS (
  SELECT p.county_code, sum(f.amount_wan) - max(p.total_investment_wan) AS wan
  FROM fct_project AS p
  JOIN fct_project_funding AS f ON f.project_id = p.project_id
  GROUP BY p.county_code, p.project_id
),
figures AS (
  SELECT county_code, 'annex_projects' AS figure, count(*) AS value FROM annex GROUP BY county_code
  UNION ALL SELECT county_code, 'annex_total', sum(wan) FROM annex GROUP BY county_code
  UNION ALL SELECT county_code, 'annex_in_printed_total', sum(wan) FROM annex WHERE in_printed_total IS DISTINCT FROM FALSE GROUP BY county_code
  UNION ALL SELECT county_code, 'section_1', sum(wan) FROM annex WHERE source_line BETWEEN 360 AND 371 GROUP BY county_code
  UNION ALL SELECT county_code, 'section_2', sum(wan) FROM annex WHERE source_line BETWEEN 372 AND 376 GROUP BY county_code
  UNION ALL SELECT county_code, 'section_3', sum(wan) FROM annex WHERE source_line BETWEEN 377 AND 379 GROUP BY county_code
  UNION ALL SELECT county_code, 'project_1', sum(wan) FROM annex WHERE project_id LIKE '%-p01' GROUP BY county_code
  UNION ALL SELECT county_code, 'cemetery_projects', count(*) FROM cemeteries GROUP BY county_code
  UNION ALL SELECT county_code, 'cemetery_total', sum(wan) FROM cemeteries GROUP BY county_code
  UNION ALL SELECT county_code, 'beds_2020', max(value) FROM stated
            WHERE indicator_id = 'elderly_care_beds' AND measure = 'actual' AND period_end = 2020 GROUP BY county_code
  UNION ALL SELECT county_code, 'elderly_stated', max(value) FROM stated
            WHERE indicator_id = 'elderly_60plus' AND measure = 'actual' AND period_end = 2020 GROUP BY county_code
  UNION ALL SELECT county_code, 'printed_total', max(value) FROM stated WHERE indicator_id = 'project_table_total' AND measure = 'planned' GROUP BY county_code
  UNION ALL SELECT county_code, 'printed_funding', sum(value) FROM stated
            WHERE place = 'project_table' AND source_line IN (961, 963, 965, 967) GROUP BY county_code
  UNION ALL SELECT county_code, 'funding_excess', sum(wan) FROM excess WHERE wan > 0 GROUP BY county_code
  UNION ALL SELECT county_code, 'residents', sum(persons) FROM census GROUP BY county_code
  UNION ALL SELECT county_code, 'elderly', sum(persons) FROM census WHERE age_from >= 60 GROUP BY county_code
  UNION ALL SELECT county_code, 'elderly_men', sum(persons) FROM census WHERE age_from >= 60 AND sex = 'male' GROUP BY county_code
  UNION ALL SELECT county_code, 'oldest', sum(persons) FROM census WHERE age_from >= 80 GROUP BY county_code
  UNION ALL SELECT county_code, 'elderly_share', round(100.0 * sum(CASE WHEN age_from >= 60 THEN persons END) / sum(persons), 2) FROM census GROUP BY county_code
)
SELECT c.county_code || '_' || n.figure AS row_key, CAST(coalesce(f.value, 0) AS DOUBLE) AS value
FROM dim_county AS c
CROSS JOIN (VALUES ('annex_projects'), ('annex_total'), ('annex_in_printed_total'), ('section_1'), ('section_2'), ('section_3'),
                   ('project_1'), ('cemetery_projects'), ('cemetery_total'), ('beds_2020'), ('elderly_stated'), ('printed_total'),
                   ('printed_funding'), ('funding_excess'), ('residents'), ('elderly'), ('elderly_men'), ('oldest'),
                   ('elderly_share')) AS n (figure)
LEFT JOIN figures AS f ON f.county_code = c.county_code AND f.figure = n.figure
WHERE c.has_plan
