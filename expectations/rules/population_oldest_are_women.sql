-- At 85 and over women outnumber men: otherwise the sexes may be swapped.
SELECT county_code || '/' || year AS row_key, sum(CASE sex WHEN 'male' THEN persons END) AS value, sum(CASE sex WHEN 'female' THEN persons END) AS women
FROM fct_population
WHERE age_from >= 85 AND sex <> 'both'
GROUP BY county_code, year, basis
HAVING sum(CASE sex WHEN 'male' THEN persons END) > 1.1 * sum(CASE sex WHEN 'female' THEN persons END)
