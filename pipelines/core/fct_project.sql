-- One project once: the project-table mention leads, other mentions fill what it does not say.
WITH mentions AS (
  SELECT p.*, coalesce(p.in_annex, FALSE) AS annex FROM stg_projects AS p
),
totals AS (
  SELECT DISTINCT county_code FROM stg_statistics WHERE indicator_id = 'project_table_total' AND value IS NOT NULL
),
filled AS (
  SELECT project AS project_id, county_code,
         first_value(domain IGNORE NULLS) OVER mentioned AS domain,
         first_value(name_printed) OVER mentioned AS name_zh,
         first_value(name_en IGNORE NULLS) OVER mentioned AS name_en,
         first_value(construction_type_printed IGNORE NULLS) OVER mentioned AS construction_type,
         first_value(start_year IGNORE NULLS) OVER mentioned AS start_year,
         first_value(end_year IGNORE NULLS) OVER mentioned AS end_year,
         first_value(investment_wan IGNORE NULLS) OVER mentioned AS total_investment_wan,
         first_value(investment_printed IGNORE NULLS) OVER mentioned AS total_investment_wan_as_printed,
         first_value(responsible_body_printed IGNORE NULLS) OVER mentioned AS responsible_body,
         first_value(location_printed IGNORE NULLS) OVER mentioned AS location,
         first_value(investor_printed IGNORE NULLS) OVER mentioned AS investor_as_printed,
         first_value(progress_printed IGNORE NULLS) OVER mentioned AS progress_as_printed,
         first_value(commitment IGNORE NULLS) OVER mentioned AS commitment,
         first_value(spend_kind IGNORE NULLS) OVER mentioned AS spend_kind,
         first_value(annex) OVER mentioned AS in_annex,
         first_value(in_printed_total IGNORE NULLS) OVER mentioned AS in_printed_total,
         first_value(line) OVER mentioned AS source_line,
         row_number() OVER (PARTITION BY project ORDER BY annex DESC, key) AS mention_rank
  FROM mentions
  WINDOW mentioned AS (
    PARTITION BY project ORDER BY annex DESC, key ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
  )
)
SELECT f.project_id, f.county_code, f.domain, f.name_zh, f.name_en, f.construction_type, f.start_year, f.end_year,
       f.total_investment_wan, f.total_investment_wan_as_printed, f.responsible_body, f.location,
       f.investor_as_printed, f.progress_as_printed, f.commitment,
       f.spend_kind, f.in_annex, CASE WHEN f.in_annex AND t.county_code IS NOT NULL THEN coalesce(f.in_printed_total, TRUE) END AS in_printed_total, s.source_id, f.source_line
FROM filled AS f
JOIN stg_source AS s ON s.county_code = f.county_code AND s.sha256 IS NOT NULL
LEFT JOIN totals AS t ON t.county_code = f.county_code
WHERE f.mention_rank = 1
