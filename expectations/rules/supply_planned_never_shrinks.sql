-- Planned beds are cumulated: they do not shrink from year to year.
SELECT concat_ws('/', county_code, year, bed_type) AS row_key, beds AS value, before
FROM (SELECT *, lag(beds) OVER (PARTITION BY county_code, status, bed_type ORDER BY year) AS before FROM mart_bed_supply) AS m
WHERE status = 'planned' AND (beds < before OR beds IS NULL)
