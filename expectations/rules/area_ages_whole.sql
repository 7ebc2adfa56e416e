-- Ages of an area follow one another from 0 to an open last group, the same for men and women.
WITH groups AS (
  SELECT *, lag(age_to) OVER series AS before, row_number() OVER series AS place, lead(age_from) OVER series AS next,
         count(*) OVER (PARTITION BY area_code, year, basis, age_from) AS sexes
  FROM fct_area_population
  WINDOW series AS (PARTITION BY area_code, year, basis, sex ORDER BY age_from)
)
SELECT concat_ws('/', area_code, year, basis, sex, age_from) AS row_key, age_from AS value, before, sexes
FROM groups
WHERE (place = 1 AND age_from <> 0) OR (place > 1 AND age_from IS DISTINCT FROM before + 1) OR (next IS NULL AND age_to IS NOT NULL)
   OR sexes <> 2 OR sex = 'both'
