-- A rank exists only between two or more counties of one prefecture, and not beyond the number of rows.
SELECT m.row_id AS row_key, m.rank AS value, m.peers
FROM mart_county_comparison AS m
JOIN dim_county AS c ON c.county_code = m.county_code
WHERE m.peers < 1
   OR (m.rank IS NOT NULL AND (m.rank < 1 OR m.peers < 2 OR NOT EXISTS (
        SELECT 1 FROM mart_county_comparison AS n JOIN dim_county AS d ON d.county_code = n.county_code
        WHERE n.comparable_group = m.comparable_group AND d.prefecture_zh = c.prefecture_zh AND n.county_code <> m.county_code)))
