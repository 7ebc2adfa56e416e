-- Quantities lie in the sensible range of their unit; beds of one project below 20 000.
SELECT o.output_id AS row_key, o.quantity AS value, o.unit, u.maximum
FROM fct_project_output AS o
JOIN dim_unit AS u ON u.code = o.unit
WHERE o.quantity < u.minimum OR o.quantity > u.maximum OR (o.unit = 'beds' AND o.quantity > 20000) OR (o.unit = 'pct' AND o.quantity > 100)
