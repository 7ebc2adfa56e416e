-- Values per head follow from the value and the 2020 census; others stay as stated.
WITH people AS (
  SELECT county_code, sum(persons) AS residents, sum(CASE WHEN age_from >= 60 THEN persons ELSE 0 END) AS elderly
  FROM fct_population WHERE year = 2020 AND basis = 'resident' AND sex <> 'both' GROUP BY county_code
),
again AS (
  SELECT m.row_id, m.value_normalised,
         CASE m.normalised_by WHEN 'per_1000_60plus' THEN m.value * 1000.0 / p.elderly WHEN 'per_10000_residents' THEN m.value * 10000.0 / p.residents
                              WHEN 'months_to_year' THEN m.value * 12 WHEN 'complement' THEN 100 - m.value ELSE m.value END AS expected
  FROM mart_county_comparison AS m
  LEFT JOIN people AS p ON p.county_code = m.county_code
)
SELECT row_id AS row_key, value_normalised AS value, expected
FROM again
WHERE abs(value_normalised - expected) > 1e-6 * greatest(abs(expected), 1) OR (value_normalised IS NULL AND expected IS NOT NULL)
