-- Between 4 % and 45 % of residents are 60 or older, and men and women are within 0.7 to 1.5 of each other.
SELECT county_code || '/' || year AS row_key,
       round(100.0 * sum(CASE WHEN age_from >= 60 THEN persons ELSE 0 END) / NULLIF(sum(persons), 0), 1) AS value,
       round(sum(CASE sex WHEN 'male' THEN persons ELSE 0 END) * 1.0 / NULLIF(sum(CASE sex WHEN 'female' THEN persons ELSE 0 END), 0), 2) AS sex_ratio
FROM fct_population
WHERE sex <> 'both'
GROUP BY county_code, year, basis
HAVING NOT coalesce(100.0 * sum(CASE WHEN age_from >= 60 THEN persons ELSE 0 END) / NULLIF(sum(persons), 0) BETWEEN 4 AND 45, FALSE)
    OR NOT coalesce(sum(CASE sex WHEN 'male' THEN persons ELSE 0 END) * 1.0 / NULLIF(sum(CASE sex WHEN 'female' THEN persons ELSE 0 END), 0) BETWEEN 0.7 AND 1.5, FALSE)
