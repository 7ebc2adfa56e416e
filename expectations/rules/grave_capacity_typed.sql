-- A capacity, or why there is none; where the capacity or its use is not reported, nothing remains and nothing is depleted.
SELECT concat_ws('/', county_code, year, scenario) AS row_key, capacity AS value, capacity_status, remaining_p50
FROM mart_cemetery_outlook
WHERE (capacity IS NULL AND capacity_status IS NULL)
   OR (capacity_status IS NOT NULL AND (remaining_p50 IS NOT NULL OR depletion_year_p50 IS NOT NULL OR years_of_supply_p50 IS NOT NULL)) OR remaining_p50 > capacity
