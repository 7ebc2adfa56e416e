-- Where both sexes are given together, they are the sum.
SELECT county_code || '/' || year || '/' || age_from AS row_key, max(CASE sex WHEN 'both' THEN persons END) AS value,
       sum(CASE WHEN sex <> 'both' THEN persons END) AS parts
FROM fct_population
GROUP BY county_code, year, basis, age_from
HAVING max(CASE sex WHEN 'both' THEN persons END) <> sum(CASE WHEN sex <> 'both' THEN persons END)
