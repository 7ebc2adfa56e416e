-- Values of one definition side by side. A group holds one definition, measure, breakdown and period; indicators that are one
-- definition after a conversion (a month times twelve, a complement) share a group. A rank exists only between counties of
-- one prefecture. Stocks are set against residents or residents aged 60+ of the 2020 census. Where the denominator is not
-- stated by the plans (dim_indicator.denominator says 未写), and for absolute amounts of counties of different size, the
-- values stand side by side without median or rank.
WITH people AS (
  SELECT county_code,
         sum(persons) AS residents,
         sum(CASE WHEN age_from >= 60 THEN persons ELSE 0 END) AS elderly
  FROM fct_population
  WHERE year = 2020 AND basis = 'resident' AND sex <> 'both'
  GROUP BY county_code
),
stated AS (
  SELECT o.*, i.nature, i.name_zh, r.normaliser, contains(coalesce(i.denominator, ''), '未写') AS basis_unknown,
         i.compared_as || '|' || o.measure || '|' || coalesce(o.breakdown, '') || '|'
           || CASE WHEN o.measure = 'cumulative' THEN CAST(CAST(coalesce(o.period_start, 0) AS DECIMAL(4, 0)) AS VARCHAR) || '-' ELSE '' END
           || CAST(CAST(coalesce(o.period_end, 0) AS DECIMAL(4, 0)) AS VARCHAR) AS comparable_group,
         CASE WHEN o.unit = 'yuan_per_person_month' THEN 'yuan_per_person_year' ELSE o.unit END AS unit_normalised,
         CASE WHEN r.normaliser = 'complement'
              THEN CASE o.qualifier WHEN '>=' THEN '<=' WHEN '>' THEN '<' WHEN '<=' THEN '>=' WHEN '<' THEN '>' ELSE o.qualifier END
              ELSE o.qualifier END AS qualifier_normalised
  FROM fct_observation AS o
  JOIN dim_indicator AS i ON i.indicator_id = o.indicator_id
  LEFT JOIN reg_comparisons AS r ON r.indicator_id = o.indicator_id
  WHERE o.restates IS NULL AND o.value IS NOT NULL AND o.target_level = 'county' AND o.measure <> 'planned'
    AND o.project_id IS NULL
),
normalised AS (
  SELECT s.*, c.prefecture_zh,
         CASE
           WHEN s.nature = 'stock' AND s.unit IN ('beds', 'persons', 'count', 'households', 'graves') AND s.measure = 'actual'
             THEN CASE WHEN s.domain = 'elderly_care' THEN 'per_1000_60plus' ELSE 'per_10000_residents' END
           ELSE coalesce(s.normaliser, CASE WHEN s.unit = 'yuan_per_person_month' THEN 'months_to_year' END, 'none')
         END AS normalised_by,
         p.residents, p.elderly
  FROM stated AS s
  JOIN dim_county AS c ON c.county_code = s.county_code
  LEFT JOIN people AS p ON p.county_code = s.county_code
),
valued AS (
  SELECT n.*, n.basis_unknown OR (n.nature IN ('stock', 'flow') AND n.normalised_by = 'none') AS side_by_side,
         CASE n.normalised_by
           WHEN 'per_1000_60plus' THEN n.value * 1000.0 / NULLIF(n.elderly, 0)
           WHEN 'per_10000_residents' THEN n.value * 10000.0 / NULLIF(n.residents, 0)
           WHEN 'months_to_year' THEN n.value * 12.0
           WHEN 'complement' THEN 100.0 - n.value
           ELSE n.value
         END AS value_normalised
  FROM normalised AS n
),
chief AS (  -- one value a county: of several printed ones that of the indicator table, else the first
  SELECT comparable_group, value_normalised, side_by_side
  FROM valued
  QUALIFY row_number() OVER (PARTITION BY comparable_group, county_code
                             ORDER BY CASE WHEN place = 'indicator_table' THEN 0 ELSE 1 END, source_line, observation_id) = 1
),
groups AS (
  SELECT comparable_group, count(*) AS peers, CASE WHEN bool_or(side_by_side) THEN NULL ELSE median(value_normalised) END AS peers_median
  FROM chief
  GROUP BY comparable_group
),
higher AS (
  SELECT county_code, indicator_id, coalesce(breakdown, '') AS breakdown, period_end, measure,
         max(CASE WHEN target_level = 'city' THEN value END) AS city,
         max(CASE WHEN target_level = 'province' THEN value END) AS province,
         max(CASE WHEN target_level = 'national' THEN value END) AS nation
  FROM fct_observation
  WHERE measure = 'target' AND target_level <> 'county' AND unit IN ('pct', 'permille', 'ratio')
  GROUP BY county_code, indicator_id, coalesce(breakdown, ''), period_end, measure
)
SELECT v.observation_id AS row_id, v.county_code, v.indicator_id, v.breakdown, v.period_end AS year, v.measure,
       v.qualifier, v.value, v.unit, v.value_normalised, v.normalised_by, v.qualifier_normalised, v.unit_normalised,
       CASE WHEN v.normalised_by IN ('per_1000_60plus', 'per_10000_residents') THEN 'resident'
            WHEN v.basis_unknown THEN 'not_stated' END AS basis,
       v.comparable_group, g.peers, g.peers_median,
       CASE WHEN NOT v.side_by_side
             AND min(v.county_code) OVER (PARTITION BY v.comparable_group, v.prefecture_zh)
              <> max(v.county_code) OVER (PARTITION BY v.comparable_group, v.prefecture_zh)
            THEN rank() OVER (PARTITION BY v.comparable_group, v.prefecture_zh ORDER BY v.value_normalised DESC) END AS rank,
       coalesce(h.city, h.province, h.nation) AS higher_level_target, v.source_line
FROM valued AS v
JOIN groups AS g ON g.comparable_group = v.comparable_group
LEFT JOIN higher AS h ON h.county_code = v.county_code AND h.indicator_id = v.indicator_id
  AND h.breakdown = coalesce(v.breakdown, '') AND h.period_end = v.period_end AND h.measure = v.measure
