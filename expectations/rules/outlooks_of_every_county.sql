-- Every county with a plan is in the cemetery outlook.
SELECT county_code AS row_key, name_zh AS value FROM dim_county WHERE has_plan AND county_code NOT IN (SELECT county_code FROM mart_cemetery_outlook)
