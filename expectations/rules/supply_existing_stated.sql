-- Existing beds are a figure that the county states for 2020 (nursing beds may follow from a stated share).
SELECT concat_ws('/', m.county_code, m.year, m.bed_type) AS row_key, m.beds AS value, m.basis
FROM mart_bed_supply AS m
WHERE m.status = 'existing'
  AND ((m.beds IS NULL) <> (m.basis = 'not_reported')
    OR (m.beds IS NOT NULL AND m.basis NOT LIKE '% x %'
        AND NOT EXISTS (SELECT 1 FROM fct_observation AS o WHERE o.county_code = m.county_code AND o.value = m.beds AND o.measure = 'actual')))
