-- Places or the typed reason why they are missing, never both; only stated places count; built places have an unknown use.
SELECT capacity_id AS row_key, places AS value, places_status, in_capacity, used_status
FROM mart_cemetery_capacity
WHERE (places IS NULL) <> (places_status IS NOT NULL)
   OR (in_capacity AND places IS NULL)
   OR (status = 'built') <> (used_status IS NOT NULL)
