-- The numerals of a line are counted 1, 2, 3 …: a gap means that one was dropped.
SELECT county_code || '/' || source_line AS row_key, max(occurrence) AS value, count(*) AS rows
FROM fct_source_figure
GROUP BY county_code, source_line
HAVING max(occurrence) <> count(*) OR min(occurrence) <> 1
