-- The residents that a census prints are the sum of its ages.
SELECT v.county_code || '/' || v.year AS row_key, v.value, sum(p.persons) AS ages
FROM fct_census_covariate AS v
JOIN fct_population AS p ON p.county_code = v.county_code AND p.year = v.year AND p.basis = 'resident' AND p.sex <> 'both'
WHERE v.variable = 'resident'
GROUP BY v.county_code, v.year, v.value
HAVING sum(p.persons) <> v.value
