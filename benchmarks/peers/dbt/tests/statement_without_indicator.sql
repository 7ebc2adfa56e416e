SELECT * FROM {{ ref('observations') }} WHERE indicator_id IS NULL OR domain IS NULL
