-- A unit's smallest value lies below its largest; its factor is positive; its canonical unit exists.
SELECT code AS row_key, minimum AS value, maximum, factor
FROM dim_unit
WHERE minimum > maximum OR factor <= 0 OR canonical NOT IN (SELECT code FROM dim_unit)
