-- Nobody needs more beds than there are people aged 60 and over.
SELECT concat_ws('/', m.county_code, m.year, m.scenario, m.estimator, m.bed_type, m.definition) AS row_key, m.demand_p50 AS value, e.p50 AS elderly
FROM mart_bed_outlook AS m
JOIN mart_elderly_outlook AS e ON e.county_code = m.county_code AND e.year = m.year AND e.age_band = '60+' AND e.sex = 'both'
WHERE m.demand_p50 > 0.5 * e.p50
