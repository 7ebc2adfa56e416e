-- Either a value, or words, or a reason for its absence; never a value beside a reason.
SELECT observation_id AS row_key, status AS value, value_as_printed
FROM fct_observation
WHERE (value IS NULL AND status IS NULL AND (value_as_printed IS NULL OR regexp_matches(value_as_printed, '^[0-9.]+[%‰]?$')))
   OR (value IS NOT NULL AND status IS NOT NULL AND NOT (status = 'zero' AND value = 0))
