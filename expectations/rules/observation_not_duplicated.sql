-- One statement has one row. Rows that share a hash are few; only these are held against each other.
WITH told AS (
  SELECT *, hash(county_code, indicator_id, indicator_as_printed, breakdown, measure, target_level, period_start, period_end, place,
                 project_id, source_id, source_line, value_as_printed) AS sum
  FROM fct_observation
  WHERE restates IS NULL
)
SELECT min(observation_id) AS row_key, string_agg(observation_id, ', ' ORDER BY observation_id) AS value, source_line
FROM told
WHERE sum IN (SELECT sum FROM told GROUP BY sum HAVING count(*) > 1)
GROUP BY county_code, indicator_id, indicator_as_printed, breakdown, measure, target_level, period_start, period_end, place,
         project_id, source_id, source_line, value_as_printed
HAVING count(*) > 1
