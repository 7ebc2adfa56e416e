-- A restatement repeats the value of the same indicator in the same county, and not another restatement.
SELECT a.observation_id AS row_key, a.value, b.observation_id AS first, b.value AS first_value
FROM fct_observation AS a
JOIN fct_observation AS b ON b.observation_id = a.restates
WHERE a.county_code <> b.county_code OR a.indicator_id <> b.indicator_id OR b.restates IS NOT NULL
   OR abs(a.value - b.value) > 0.005 * greatest(abs(a.value), abs(b.value))
