-- Every county with a plan has residents by age of the 2020 census.
SELECT c.county_code AS row_key, c.name_zh AS value
FROM dim_county AS c
WHERE c.has_plan AND c.county_code NOT IN (SELECT county_code FROM fct_population WHERE year = 2020 AND basis = 'resident')
