-- A group holds one indicator, one measure and one unit.
SELECT comparable_group AS row_key, count(DISTINCT indicator_id) AS value
FROM mart_county_comparison
GROUP BY comparable_group
HAVING count(DISTINCT indicator_id) > 1 OR count(DISTINCT measure) > 1 OR count(DISTINCT unit) > 1
