-- Persons per year of age change by less than a factor of six from group to group; from 65 on they hardly rise.
WITH density AS (
  SELECT county_code, year, sex, age_from, age_to, persons,
         persons * 1.0 / CASE WHEN age_to IS NULL THEN 5 ELSE age_to - age_from + 1 END AS per_year
  FROM fct_population
),
steps AS (
  SELECT *, per_year / NULLIF(lag(per_year) OVER (PARTITION BY county_code, year, sex ORDER BY age_from), 0) AS step FROM density
)
SELECT county_code || '/' || year || '/' || sex || '/' || age_from AS row_key, persons AS value, round(step, 2) AS step
FROM steps
WHERE step > CASE WHEN age_from >= 65 THEN 1.5 ELSE 6 END OR step < 0.17
