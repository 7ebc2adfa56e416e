-- The central value lies between low and high, and both within what makes sense: a percentage between 0 and 100 unless the parameter says otherwise.
SELECT parameter_id AS row_key, value, low, high
FROM dim_parameter
WHERE value < low OR value > high OR low > high OR value < 0
   OR least(value, low) < coalesce(minimum, 0)
   OR greatest(value, high) > coalesce(maximum, CASE unit WHEN 'pct' THEN 100 WHEN 'per_1000' THEN 1000 END)
