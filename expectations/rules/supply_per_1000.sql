-- Beds per 1,000 follow from the beds and the projected number aged 60 and over.
SELECT concat_ws('/', m.county_code, m.year, m.status, m.bed_type) AS row_key, m.per_1000_60plus AS value, m.beds * 1000.0 / e.p50 AS expected
FROM mart_bed_supply AS m
JOIN mart_elderly_outlook AS e ON e.county_code = m.county_code AND e.year = m.year AND e.age_band = '60+' AND e.sex = 'both'
WHERE m.beds IS NOT NULL AND abs(coalesce(m.per_1000_60plus, -1) - m.beds * 1000.0 / e.p50) > 0.02 * m.beds * 1000.0 / e.p50 + 1e-9
