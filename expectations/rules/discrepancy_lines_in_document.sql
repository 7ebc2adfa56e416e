-- A contradiction names at least one line, and all its lines lie inside the document.
WITH places AS (
  SELECT discrepancy_id, county_code, unnest([left_line, right_line] || [try_cast(trim(x) AS INTEGER) FOR x IN string_split(coalesce(lines, ''), ';')]) AS line
  FROM fct_discrepancy
)
SELECT p.discrepancy_id AS row_key, min(p.line) AS value, max(p.line) AS last, s.line_count
FROM places AS p
LEFT JOIN dim_source AS s ON s.county_code = p.county_code AND s.sha256 IS NOT NULL
GROUP BY p.discrepancy_id, s.line_count
HAVING max(p.line) IS NULL OR min(p.line) < 1 OR max(p.line) > s.line_count OR s.line_count IS NULL
