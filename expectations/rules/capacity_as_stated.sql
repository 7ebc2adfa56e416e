-- Places are those of the statement or the project output they come from.
SELECT m.capacity_id AS row_key, m.places AS value, coalesce(o.value, p.quantity) AS expected, m.source_line
FROM mart_cemetery_capacity AS m
LEFT JOIN fct_observation AS o ON o.observation_id = m.capacity_id
LEFT JOIN fct_project_output AS p ON p.output_id = m.capacity_id
WHERE m.places IS NOT NULL AND m.places IS DISTINCT FROM coalesce(o.value, p.quantity)
