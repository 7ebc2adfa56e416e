-- A supply, or why there is none; without a supply there is no shortage.
SELECT concat_ws('/', county_code, year, scenario, estimator, bed_type, definition) AS row_key, supply AS value, supply_status, shortage_p50
FROM mart_bed_outlook
WHERE (supply IS NULL) <> (supply_status IS NOT NULL) OR (supply IS NULL AND (shortage_p50 IS NOT NULL OR idle_p50 IS NOT NULL))
