-- A supply and a demand, or why there is none; without both there is no shortage. Only a plan that sets no beds per 1,000 leaves a
-- demand out, and then in every year.
SELECT concat_ws('/', county_code, year, scenario, estimator, bed_type, definition) AS row_key, supply AS value, supply_status, demand_status, shortage_p50
FROM mart_bed_outlook
WHERE (supply IS NULL) <> (supply_status IS NOT NULL) OR (demand_p50 IS NULL) <> (demand_status IS NOT NULL)
   OR (demand_p50 IS NULL AND estimator <> 'planning_ratio')
   OR ((supply IS NULL OR demand_p50 IS NULL) AND (probability_short IS NOT NULL OR shortage_p50 IS NOT NULL OR idle_p50 IS NOT NULL))
