-- A capacity, or why there is none; without a capacity nothing remains and nothing is depleted.
SELECT concat_ws('/', county_code, year, scenario) AS row_key, capacity AS value, capacity_status
FROM mart_cemetery_outlook
WHERE (capacity IS NULL) <> (capacity_status IS NOT NULL)
   OR (capacity IS NULL AND (remaining_p50 IS NOT NULL OR depletion_year_p50 IS NOT NULL)) OR remaining_p50 > capacity
