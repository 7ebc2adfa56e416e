-- Each area, year and basis has men and women in the same age groups.
SELECT county_code || '/' || year || '/' || basis AS row_key, count(*) FILTER (sex = 'male') AS value, count(*) FILTER (sex = 'female') AS women
FROM fct_population
GROUP BY county_code, year, basis
HAVING count(*) FILTER (sex <> 'both') > 0 AND count(*) FILTER (sex = 'male') <> count(*) FILTER (sex = 'female')
    OR count(*) FILTER (sex <> 'both') = 0
