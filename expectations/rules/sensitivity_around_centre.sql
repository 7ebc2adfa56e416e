-- The central demand lies between the demands at the two ends of an assumption.
SELECT county_code || '/' || parameter_id AS row_key, demand_central AS value, demand_low, demand_high
FROM mart_bed_sensitivity
WHERE demand_low < 0 OR demand_low > demand_high OR NOT demand_central BETWEEN demand_low - 1e-6 AND demand_high + 1e-6
