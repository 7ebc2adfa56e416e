-- bed_first_years
-- The years in which beds run short or stand idle follow from the yearly rows; where there is none the reason is given.
WITH found AS (
  SELECT county_code, scenario, estimator, bed_type, definition,
         min(CASE WHEN demand_p50 > supply THEN year END) AS short,
         min(CASE WHEN probability_short >= 0.1 THEN year END) AS p10,
         min(CASE WHEN probability_short >= 0.5 THEN year END) AS p50,
         min(CASE WHEN probability_short >= 0.9 THEN year END) AS p90,
         min(CASE WHEN demand_p50 < supply THEN year END) AS idle,
         max(CASE WHEN demand_p50 < supply THEN year END) AS idle_last
  FROM mart_bed_outlook
  GROUP BY county_code, scenario, estimator, bed_type, definition
)
SELECT concat_ws('/', county_code, year, scenario, estimator, bed_type, definition) AS row_key, first_year_short AS value,
       short AS expected, first_year_idle, idle, coalesce(first_year_short_status, 'none') AS status
FROM mart_bed_outlook JOIN found USING (county_code, scenario, estimator, bed_type, definition)
WHERE first_year_short IS DISTINCT FROM short OR first_year_short_p10 IS DISTINCT FROM p10
   OR first_year_short_p50 IS DISTINCT FROM p50 OR first_year_short_p90 IS DISTINCT FROM p90
   OR first_year_idle IS DISTINCT FROM idle OR last_year_idle IS DISTINCT FROM idle_last
   OR first_year_short_status IS DISTINCT FROM
      CASE WHEN supply IS NULL OR demand_p50 IS NULL THEN 'not_reported' WHEN short IS NULL THEN 'none_to_horizon' END
   OR first_year_idle_status IS DISTINCT FROM
      CASE WHEN supply IS NULL OR demand_p50 IS NULL THEN 'not_reported' WHEN idle IS NULL THEN 'none_to_horizon' END
