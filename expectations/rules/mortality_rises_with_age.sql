-- Adult death rates rise with age: a swapped or shifted row breaks the order.
WITH ordered AS (
  SELECT geography, period, sex, age_from, death_rate,
         lag(death_rate) OVER (PARTITION BY geography, period, sex ORDER BY age_from) AS before
  FROM fct_mortality
  WHERE age_from >= 40
)
SELECT geography || '/' || period || '/' || sex || '/' || CAST(age_from AS VARCHAR) AS row_key, death_rate AS value, before
FROM ordered
WHERE death_rate <= before
