-- Public-benefit capacity is part of all capacity, and the outlook of all classes is the one of mart_cemetery_outlook.
SELECT concat_ws('/', p.county_code, p.year, p.scenario) AS row_key, p.capacity AS value, a.capacity AS expected
FROM mart_cemetery_class_outlook AS p
JOIN mart_cemetery_outlook AS a ON a.county_code = p.county_code AND a.year = p.year AND a.scenario = p.scenario
WHERE p.capacity > coalesce(a.capacity, 0) * (1 + 1e-9)
   OR (p.capacity_class = 'all' AND p.capacity IS DISTINCT FROM a.capacity)
