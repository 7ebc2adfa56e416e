-- A contradiction found by a rule gives both values, or its arithmetic.
SELECT discrepancy_id AS row_key, rule_id AS value, left_value, right_value
FROM fct_discrepancy
WHERE rule_id <> 'reader_note' AND computation IS NULL AND (left_value IS NULL OR right_value IS NULL OR left_value = right_value)
