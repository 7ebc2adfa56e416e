-- A group holds one definition (after conversion), one measure and one unit.
SELECT m.comparable_group AS row_key, count(DISTINCT i.compared_as) AS value
FROM mart_county_comparison AS m
JOIN dim_indicator AS i ON i.indicator_id = m.indicator_id
GROUP BY m.comparable_group
HAVING count(DISTINCT i.compared_as) > 1 OR count(DISTINCT m.measure) > 1 OR count(DISTINCT m.unit_normalised) > 1
