-- The central value lies between low and high; a percentage between 0 and 100.
SELECT parameter_id AS row_key, value, low, high
FROM dim_parameter
WHERE value < low OR value > high OR low > high OR (unit = 'pct' AND NOT value BETWEEN 0 AND 100) OR value < 0
