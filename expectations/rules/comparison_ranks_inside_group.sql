-- A rank exists only between two or more counties of one prefecture, and not beyond the number of rows.
WITH placed AS (
  SELECT m.row_id, m.comparable_group, m.county_code, m.rank, m.peers, c.prefecture_zh
  FROM mart_county_comparison AS m
  JOIN dim_county AS c ON c.county_code = m.county_code
),
several AS (
  SELECT comparable_group, prefecture_zh FROM placed GROUP BY comparable_group, prefecture_zh HAVING min(county_code) <> max(county_code)
)
SELECT p.row_id AS row_key, p.rank AS value, p.peers
FROM placed AS p
LEFT JOIN several AS s ON s.comparable_group = p.comparable_group AND s.prefecture_zh = p.prefecture_zh
WHERE p.peers < 1 OR (p.rank IS NOT NULL AND (p.rank < 1 OR p.peers < 2 OR s.comparable_group IS NULL))
