-- sensitivity_ranked_by_width
-- The definition of disability comes first, the others follow by the width of the bar; every county with a plan has them.
WITH ranked AS (
  SELECT county_code, parameter_id, rank, demand_high - demand_low AS width,
         lag(demand_high - demand_low) OVER (PARTITION BY county_code ORDER BY rank) AS wider,
         count(*) OVER (PARTITION BY county_code, rank) AS same_rank
  FROM mart_bed_sensitivity
)
SELECT county_code || '/' || parameter_id AS row_key, rank AS value, width, wider
FROM ranked
WHERE same_rank > 1 OR (parameter_id = 'disability_definition') <> (rank = 1) OR (rank > 2 AND width > wider + 1e-6)
UNION ALL
SELECT county_code, NULL, NULL, NULL FROM dim_county WHERE has_plan AND county_code NOT IN (SELECT county_code FROM mart_bed_sensitivity)
