-- Without a stated denominator, and for absolute amounts, values stand side by side: no median, no rank.
SELECT m.row_id AS row_key, m.peers_median AS value, m.rank, i.denominator
FROM mart_county_comparison AS m
JOIN dim_indicator AS i ON i.indicator_id = m.indicator_id
WHERE (coalesce(i.denominator, '') LIKE '%未写%' OR (i.nature IN ('stock', 'flow') AND m.normalised_by = 'none'))
  AND (m.peers_median IS NOT NULL OR m.rank IS NOT NULL)
