-- Age groups follow one another from 0 to an open last one.
WITH groups AS (
  SELECT *, lag(age_to) OVER series AS before, row_number() OVER series AS place, lead(age_from) OVER series AS next
  FROM fct_population
  WINDOW series AS (PARTITION BY county_code, year, basis, sex ORDER BY age_from)
)
SELECT county_code || '/' || year || '/' || sex || '/' || age_from AS row_key, age_from AS value, before
FROM groups
WHERE (place = 1 AND age_from <> 0) OR (place > 1 AND age_from IS DISTINCT FROM before + 1) OR (next IS NULL AND age_to IS NOT NULL) OR age_to < age_from
