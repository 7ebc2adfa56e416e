-- Planned beds are cumulated: they do not shrink from year to year. Where none are given, projects build beds without saying how
-- many, and the lines of these projects stand beside.
SELECT concat_ws('/', county_code, year, bed_type) AS row_key, beds AS value, before
FROM (SELECT *, lag(beds) OVER (PARTITION BY county_code, status, bed_type ORDER BY year) AS before FROM mart_bed_supply) AS m
WHERE status = 'planned'
  AND (beds < before OR (beds IS NULL) <> (basis = 'not_reported') OR (beds IS NULL AND unstated_lines IS NULL)
    OR (beds IS NULL) <> (beds_status IS NOT NULL))
