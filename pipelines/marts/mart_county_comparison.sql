-- Values of one indicator side by side. A group holds one definition, measure, unit and breakdown; a rank exists only
-- between counties of one prefecture. Stocks are set against residents or residents aged 60+ of the 2020 census.
WITH people AS (
  SELECT county_code,
         sum(persons) AS residents,
         sum(CASE WHEN age_from >= 60 THEN persons ELSE 0 END) AS elderly
  FROM fct_population
  WHERE year = 2020 AND basis = 'resident' AND sex <> 'both'
  GROUP BY county_code
),
stated AS (
  SELECT o.*, i.nature, i.name_zh,
         o.indicator_id || '|' || o.measure || '|' || coalesce(o.breakdown, '') || '|' || CAST(coalesce(o.period_end, 0) AS VARCHAR) AS comparable_group
  FROM fct_observation AS o
  JOIN dim_indicator AS i ON i.indicator_id = o.indicator_id
  WHERE o.restates IS NULL AND o.value IS NOT NULL AND o.target_level = 'county' AND o.measure <> 'planned'
    AND o.project_id IS NULL
),
normalised AS (
  SELECT s.*, c.prefecture_zh,
         CASE
           WHEN s.nature = 'stock' AND s.unit IN ('beds', 'persons', 'count', 'households', 'graves') AND s.measure = 'actual'
             THEN CASE WHEN s.domain = 'elderly_care' THEN 'per_1000_60plus' ELSE 'per_10000_residents' END
           WHEN s.unit = 'yuan_per_person_month' THEN 'months_to_year'
           ELSE 'none'
         END AS normalised_by,
         p.residents, p.elderly
  FROM stated AS s
  JOIN dim_county AS c ON c.county_code = s.county_code
  LEFT JOIN people AS p ON p.county_code = s.county_code
),
valued AS (
  SELECT n.*,
         CASE n.normalised_by
           WHEN 'per_1000_60plus' THEN n.value * 1000.0 / NULLIF(n.elderly, 0)
           WHEN 'per_10000_residents' THEN n.value * 10000.0 / NULLIF(n.residents, 0)
           WHEN 'months_to_year' THEN n.value * 12.0
           ELSE n.value
         END AS value_normalised
  FROM normalised AS n
),
groups AS (
  SELECT comparable_group, count(DISTINCT county_code) AS peers, median(value_normalised) AS peers_median
  FROM valued
  GROUP BY comparable_group
),
higher AS (
  SELECT county_code, indicator_id, coalesce(breakdown, '') AS breakdown, period_end,
         max(CASE WHEN target_level = 'city' THEN value END) AS city,
         max(CASE WHEN target_level = 'province' THEN value END) AS province,
         max(CASE WHEN target_level = 'national' THEN value END) AS nation
  FROM fct_observation
  WHERE measure = 'target' AND target_level <> 'county' AND unit IN ('pct', 'permille', 'ratio')
  GROUP BY county_code, indicator_id, coalesce(breakdown, ''), period_end
)
SELECT v.observation_id AS row_id, v.county_code, v.indicator_id, v.breakdown, v.period_end AS year, v.measure,
       v.qualifier, v.value, v.unit, v.value_normalised, v.normalised_by,
       CASE WHEN v.normalised_by IN ('per_1000_60plus', 'per_10000_residents') THEN 'resident' END AS basis,
       v.comparable_group, g.peers, g.peers_median,
       CASE WHEN count(*) OVER (PARTITION BY v.comparable_group, v.prefecture_zh) > 1
             AND min(v.county_code) OVER (PARTITION BY v.comparable_group, v.prefecture_zh)
              <> max(v.county_code) OVER (PARTITION BY v.comparable_group, v.prefecture_zh)
            THEN rank() OVER (PARTITION BY v.comparable_group, v.prefecture_zh ORDER BY v.value_normalised DESC) END AS rank,
       coalesce(h.city, h.province, h.nation) AS higher_level_target, v.source_line
FROM valued AS v
JOIN groups AS g ON g.comparable_group = v.comparable_group
LEFT JOIN higher AS h ON h.county_code = v.county_code AND h.indicator_id = v.indicator_id
  AND h.breakdown = coalesce(v.breakdown, '') AND h.period_end = v.period_end AND v.measure = 'target'
