-- A county of expectations/row_counts.json that is neither in this release nor held back.
SELECT DISTINCT county_code AS row_key, county_code AS value
FROM expected_rows
WHERE county_code NOT IN (SELECT county_code FROM dim_county WHERE has_plan)
  AND county_code NOT IN (SELECT county_code FROM mart_held_back)
