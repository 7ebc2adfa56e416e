-- Ranks follow the width of the bar, widest first, and every county with a plan has them.
WITH ranked AS (
  SELECT county_code, parameter_id, rank, demand_high - demand_low AS width,
         lag(demand_high - demand_low) OVER (PARTITION BY county_code ORDER BY rank) AS wider,
         count(*) OVER (PARTITION BY county_code, rank) AS same_rank
  FROM mart_bed_sensitivity
)
SELECT county_code || '/' || parameter_id AS row_key, rank AS value, width, wider
FROM ranked
WHERE width > wider + 1e-6 OR same_rank > 1
UNION ALL
SELECT county_code, NULL, NULL, NULL FROM dim_county WHERE has_plan AND county_code NOT IN (SELECT county_code FROM mart_bed_sensitivity)
