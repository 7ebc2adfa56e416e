-- Planned money by domain, funder and year. Only yearly amounts that the document prints count as printed; all other
-- years are our even spread. A project whose funding parts contradict its total is unresolved as a whole.
WITH people AS (
  SELECT county_code,
         sum(persons) AS residents,
         sum(CASE WHEN age_from >= 60 THEN persons ELSE 0 END) AS elderly
  FROM fct_population
  WHERE year = 2020 AND basis = 'resident' AND sex <> 'both'
  GROUP BY county_code
),
projects AS (
  SELECT p.*, s.period_start AS plan_start, s.period_end AS plan_end
  FROM fct_project AS p
  JOIN dim_source AS s ON s.source_id = p.source_id
  WHERE p.total_investment_wan IS NOT NULL
),
parts AS (
  SELECT project_id, sum(amount_wan) AS funded FROM fct_project_funding GROUP BY project_id
),
by_funder AS (
  SELECT p.project_id, f.funder, sum(f.amount_wan) AS amount_wan
  FROM projects AS p
  JOIN parts AS t ON t.project_id = p.project_id AND abs(t.funded - p.total_investment_wan) < 0.005
  JOIN fct_project_funding AS f ON f.project_id = p.project_id
  GROUP BY p.project_id, f.funder
  UNION ALL
  SELECT p.project_id, CASE WHEN t.project_id IS NULL THEN 'not_reported' ELSE 'unresolved' END, p.total_investment_wan
  FROM projects AS p
  LEFT JOIN parts AS t ON t.project_id = p.project_id
  WHERE t.project_id IS NULL OR abs(t.funded - p.total_investment_wan) >= 0.005
),
yearly AS (
  SELECT o.project_id, min(o.value) AS per_year
  FROM fct_observation AS o
  JOIN projects AS p ON p.project_id = o.project_id
  WHERE o.indicator_id = 'project_annual_budget' AND o.restates IS NULL AND o.value IS NOT NULL
  GROUP BY o.project_id, p.total_investment_wan, p.plan_start, p.plan_end
  HAVING abs(min(o.value) * (p.plan_end - p.plan_start + 1) - p.total_investment_wan) < 0.005
),
dated AS (
  SELECT p.project_id, y.year,
         CASE WHEN a.project_id IS NOT NULL THEN 'printed' WHEN p.start_year IS NULL THEN 'undated' ELSE 'even_spread' END AS allocation,
         count(*) OVER (PARTITION BY p.project_id) AS years
  FROM projects AS p
  LEFT JOIN yearly AS a ON a.project_id = p.project_id
  JOIN reg_years AS y
    ON y.year BETWEEN CASE WHEN a.project_id IS NULL THEN coalesce(p.start_year, p.plan_start) ELSE p.plan_start END
                  AND CASE WHEN a.project_id IS NULL THEN coalesce(p.end_year, p.plan_end) ELSE p.plan_end END
)
SELECT p.county_code, p.domain, f.funder, d.year, d.allocation, p.commitment, p.in_printed_total,
       sum(f.amount_wan / NULLIF(d.years, 0)) AS amount_wan,
       sum(f.amount_wan / NULLIF(d.years, 0)) * 10000.0 / NULLIF(max(e.residents), 0) AS per_resident_yuan,
       sum(f.amount_wan / NULLIF(d.years, 0)) * 10000.0 / NULLIF(max(e.elderly), 0) AS per_60plus_yuan
FROM projects AS p
JOIN by_funder AS f ON f.project_id = p.project_id
JOIN dated AS d ON d.project_id = p.project_id
LEFT JOIN people AS e ON e.county_code = p.county_code
GROUP BY p.county_code, p.domain, f.funder, d.year, d.allocation, p.commitment, p.in_printed_total
