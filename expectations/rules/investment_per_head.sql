-- Money per head is the amount over the residents (and those aged 60 and over) of the 2020 census.
WITH people AS (
  SELECT county_code, sum(persons) AS residents, sum(CASE WHEN age_from >= 60 THEN persons ELSE 0 END) AS elderly
  FROM fct_population WHERE year = 2020 AND basis = 'resident' AND sex <> 'both' GROUP BY county_code
)
SELECT concat_ws('/', m.county_code, m.domain, m.funder, m.year) AS row_key, m.per_resident_yuan AS value, m.amount_wan * 10000.0 / p.residents AS expected
FROM mart_investment AS m
JOIN people AS p ON p.county_code = m.county_code
WHERE abs(coalesce(m.per_resident_yuan, -1) - m.amount_wan * 10000.0 / p.residents) > 1e-6 * m.amount_wan + 1e-9
   OR abs(coalesce(m.per_60plus_yuan, -1) - m.amount_wan * 10000.0 / p.elderly) > 1e-6 * m.amount_wan + 1e-9
