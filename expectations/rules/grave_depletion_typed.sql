-- grave_depletion_typed
-- A depletion year, or why there is none: its capacity or use is not reported, or nothing is used. One beyond the forecast says so.
SELECT concat_ws('/', county_code, year, scenario) AS row_key, depletion_year_p50 AS value,
       coalesce(depletion_status, 'none') AS status, remaining_p50
FROM (SELECT *, max(year) OVER () AS horizon FROM mart_cemetery_outlook) AS m
WHERE depletion_status IS DISTINCT FROM
      CASE WHEN remaining_p50 IS NULL THEN 'not_reported' WHEN depletion_year_p50 IS NULL THEN 'none_to_horizon'
           WHEN depletion_year_p50 > horizon THEN 'extrapolated' END
   OR (remaining_p50 IS NULL AND depletion_year_p50 IS NOT NULL)
