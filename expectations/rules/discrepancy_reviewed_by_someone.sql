-- A reviewed contradiction names who reviewed it and when; an open one names nobody.
SELECT discrepancy_id AS row_key, review_status AS value, reviewed_by
FROM fct_discrepancy
WHERE (review_status <> 'open') <> (reviewed_by IS NOT NULL AND reviewed_on IS NOT NULL)
