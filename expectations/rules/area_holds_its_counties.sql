-- No county has more residents than the prefecture or the province it lies in. (Sums of counties are not compared: the book's
-- counties do not add up to its prefectures.)
WITH residents AS (
  SELECT county_code, year, sum(persons) AS persons
  FROM fct_population
  WHERE basis = 'resident' AND sex <> 'both'
  GROUP BY county_code, year
)
SELECT a.area_code || '/' || a.year AS row_key, a.value, c.county_code AS county, c.persons AS inside
FROM fct_area_covariate AS a
JOIN residents AS c ON c.year = a.year AND a.area_code IN (left(c.county_code, 4) || '00', left(c.county_code, 2) || '0000')
WHERE a.variable = 'resident' AND c.persons > a.value
