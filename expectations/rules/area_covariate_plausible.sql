-- Of an area: registered persons near the residents, urban residents among them.
SELECT concat_ws('/', v.area_code, v.year, v.variable) AS row_key, v.value, r.value AS residents
FROM fct_area_covariate AS v
LEFT JOIN fct_area_covariate AS r ON r.area_code = v.area_code AND r.year = v.year AND r.variable = 'resident'
WHERE r.value IS NULL
   OR NOT v.value BETWEEN CASE v.variable WHEN 'registered' THEN 0.3 WHEN 'resident' THEN 1 ELSE 0 END * r.value
                      AND CASE v.variable WHEN 'registered' THEN 3 ELSE 1 END * r.value
