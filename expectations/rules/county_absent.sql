-- A county of expectations/row_counts.json that is not in this release (held back, or its folder removed).
SELECT DISTINCT county_code AS row_key, county_code AS value
FROM expected_rows
WHERE county_code NOT IN (SELECT county_code FROM dim_county WHERE has_plan)
