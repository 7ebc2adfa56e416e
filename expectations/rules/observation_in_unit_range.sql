-- Values lie in the sensible range of their unit.
SELECT o.observation_id AS row_key, o.value, o.unit, u.minimum, u.maximum
FROM fct_observation AS o
JOIN dim_unit AS u ON u.code = o.unit
WHERE o.value < u.minimum OR o.value > u.maximum
