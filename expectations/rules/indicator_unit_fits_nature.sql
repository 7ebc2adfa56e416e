-- A rate has a unit of rates; additive quantities never do.
SELECT indicator_id AS row_key, unit AS value, nature, additivity
FROM dim_indicator
WHERE (additivity = 'additive' AND unit IN ('pct', 'permille', 'per_1000', 'per_10000', 'm2_per_100_households', 'ratio'))
   OR (nature = 'rate' AND additivity <> 'non_additive')
