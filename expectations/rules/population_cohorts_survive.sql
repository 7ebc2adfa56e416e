-- A five-year cohort is between 15 % and 400 % of itself ten years later.
SELECT b.county_code || '/' || b.sex || '/' || b.age_from AS row_key, b.persons AS value, a.persons AS before, b.year
FROM fct_population AS a
JOIN fct_population AS b ON b.county_code = a.county_code AND b.basis = a.basis AND b.sex = a.sex AND b.year = a.year + 10
  AND b.age_from = a.age_from + 10 AND b.age_to = a.age_to + 10
WHERE b.persons * 1.0 / NULLIF(a.persons, 0) NOT BETWEEN 0.15 AND 4
