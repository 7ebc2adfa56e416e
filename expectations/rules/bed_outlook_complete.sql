-- Every county with a plan has 2020 to 2035 for each scenario, estimator, bed type and definition that it has at all.
SELECT concat_ws('/', county_code, scenario, estimator, bed_type, definition) AS row_key, count(*) AS value, min(year) AS first_year, max(year) AS last_year
FROM mart_bed_outlook
GROUP BY county_code, scenario, estimator, bed_type, definition
HAVING count(*) <> max(year) - min(year) + 1 OR max(year) < 2035
UNION ALL
SELECT county_code, 0, NULL, NULL FROM dim_county WHERE has_plan AND county_code NOT IN (SELECT county_code FROM mart_bed_outlook)
