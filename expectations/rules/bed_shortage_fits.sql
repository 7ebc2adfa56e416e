-- Shortage and idle beds follow from demand and supply (medians of draws: to within 10 % of the demand).
SELECT concat_ws('/', county_code, year, scenario, estimator, bed_type, definition) AS row_key, shortage_p50 AS value, idle_p50, demand_p50, supply
FROM mart_bed_outlook
WHERE abs(shortage_p50 - greatest(demand_p50 - supply, 0)) > 0.1 * greatest(demand_p50, supply) + 1
   OR abs(idle_p50 - greatest(supply - demand_p50, 0)) > 0.1 * greatest(demand_p50, supply) + 1
