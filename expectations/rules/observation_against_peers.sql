-- Per head, a county's value is more than eight times (or less than an eighth of) the median of the other counties.
-- Rates, standards and prices are compared as they are; counts below 20 are left to chance.
WITH people AS (
  SELECT county_code, sum(persons) AS residents
  FROM fct_population
  WHERE year = 2020 AND basis = 'resident' AND sex <> 'both'
  GROUP BY county_code
),
compared AS (
  SELECT o.observation_id, o.county_code, o.value, i.name_zh, i.name_en, i.additivity,
         concat_ws('|', o.indicator_id, coalesce(o.breakdown, ''), o.measure, o.period_end) AS quantity,
         CASE WHEN i.additivity = 'non_additive' OR i.nature IN ('rate', 'standard', 'price') THEN o.value
              ELSE o.value * 10000.0 / NULLIF(p.residents, 0) END AS per_head
  FROM fct_observation AS o
  JOIN dim_indicator AS i ON i.indicator_id = o.indicator_id
  JOIN people AS p ON p.county_code = o.county_code
  WHERE o.restates IS NULL AND o.value > 0 AND o.target_level = 'county' AND o.project_id IS NULL
    AND o.place <> 'project_table'
),
judged AS (
  SELECT observation_id, value, per_head, name_zh, name_en, median(per_head) OVER others AS peers, max(value) OVER others AS largest, additivity
  FROM compared
  WINDOW others AS (PARTITION BY quantity ORDER BY county_code
                    GROUPS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE GROUP)
)
SELECT observation_id AS row_key, value, round(greatest(per_head / peers, peers / per_head), 1) AS factor, name_zh, name_en
FROM judged
WHERE greatest(per_head / peers, peers / per_head) > 8 AND (additivity = 'non_additive' OR greatest(value, largest) >= 20)
