-- The residents that a census prints of an area are the sum of its ages, and there are ages wherever there are residents.
SELECT v.area_code || '/' || v.year AS row_key, v.value, sum(p.persons) AS ages
FROM fct_area_covariate AS v
LEFT JOIN fct_area_population AS p ON p.area_code = v.area_code AND p.year = v.year AND p.basis = 'resident'
WHERE v.variable = 'resident'
GROUP BY v.area_code, v.year, v.value
HAVING sum(p.persons) IS DISTINCT FROM v.value
