-- Domain and unit of a statement are those of its indicator.
SELECT o.observation_id AS row_key, o.indicator_id AS value, o.unit, i.unit AS wanted_unit, o.domain, i.domain AS wanted_domain
FROM fct_observation AS o
JOIN dim_indicator AS i ON i.indicator_id = o.indicator_id
WHERE o.unit <> i.unit OR o.domain <> i.domain
