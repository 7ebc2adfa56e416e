-- A capacity names the classes it is made of; without a capacity there are none.
SELECT concat_ws('/', county_code, year, scenario, capacity_class) AS row_key, capacity AS value, capacity_classes
FROM mart_cemetery_class_outlook
WHERE capacity IS NOT NULL AND capacity_classes IS NULL
