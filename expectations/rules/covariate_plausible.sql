-- Parts stay within the residents, registered persons near them, birth and death rates between 1 and 40 per 1,000.
SELECT concat_ws('/', v.county_code, v.year, v.variable) AS row_key, v.value, r.value AS residents
FROM fct_census_covariate AS v
LEFT JOIN fct_census_covariate AS r ON r.county_code = v.county_code AND r.year = v.year AND r.variable = 'resident'
WHERE (v.variable IN ('urban_residents', 'households_with_65plus') AND v.value > r.value)
   OR (v.variable = 'registered' AND NOT v.value BETWEEN 0.3 * r.value AND 3 * r.value)
   OR (v.variable IN ('birth_rate', 'death_rate') AND NOT v.value BETWEEN 1 AND 40)
   OR (v.variable NOT IN ('birth_rate', 'death_rate') AND (v.value < 1 OR r.value IS NULL))
