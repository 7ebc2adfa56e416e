-- Percentiles of demand rise and come as a pair.
SELECT concat_ws('/', county_code, year, scenario, estimator, bed_type, definition) AS row_key, demand_p50 AS value, demand_p10, demand_p90
FROM mart_bed_outlook
WHERE demand_p10 > demand_p50 OR demand_p50 > demand_p90 OR (demand_p10 IS NULL) <> (demand_p90 IS NULL)
