-- sensitivity_around_centre
-- The central demand lies between the demands at the two ends of an assumption; planned beds only take from it.
SELECT county_code || '/' || parameter_id AS row_key, demand_central AS value, demand_low, demand_high
FROM mart_bed_sensitivity
WHERE demand_low > demand_high OR demand_central < demand_low - 1e-6
   OR (moves = 'demand' AND (demand_low < 0 OR demand_central > demand_high + 1e-6))
   OR (moves = 'supply' AND demand_high > demand_central + 1e-6)
