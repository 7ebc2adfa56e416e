-- comparable_counties lists exactly the counties that state a value.
WITH listed AS (
  SELECT indicator_id, unnest(string_split(comparable_counties, ';')) AS county_code FROM dim_indicator
),
stated AS (
  SELECT DISTINCT indicator_id, county_code FROM fct_observation WHERE value IS NOT NULL
)
SELECT coalesce(l.indicator_id, s.indicator_id) AS row_key, coalesce(l.county_code, s.county_code) AS value
FROM listed AS l
FULL JOIN stated AS s ON s.indicator_id = l.indicator_id AND s.county_code = l.county_code
WHERE l.indicator_id IS NULL OR s.indicator_id IS NULL
