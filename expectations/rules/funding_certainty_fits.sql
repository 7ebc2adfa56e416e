-- An unresolved funder is not certain, a known one not ambiguous.
SELECT funding_id AS row_key, funder AS value, certainty
FROM fct_project_funding
WHERE (funder = 'unresolved') <> (certainty = 'ambiguous')
