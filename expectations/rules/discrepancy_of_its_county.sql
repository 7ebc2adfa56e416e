-- The id carries the county and the rule.
SELECT discrepancy_id AS row_key, county_code AS value, rule_id
FROM fct_discrepancy
WHERE discrepancy_id NOT LIKE county_code || '-%'
