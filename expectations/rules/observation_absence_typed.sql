-- Either a value or the typed reason for its absence, never neither and never both (but zero); a number has a unit, not words.
SELECT observation_id AS row_key, status AS value, value_as_printed
FROM fct_observation
WHERE (value IS NULL AND status IS NULL)
   OR (value IS NOT NULL AND status IS NOT NULL AND NOT (status = 'zero' AND value = 0))
   OR (value IS NOT NULL AND unit = 'text')
