-- A plan document names its file, its lines and its years.
SELECT source_id AS row_key, title_zh AS value
FROM dim_source
WHERE sha256 IS NOT NULL
  AND (county_code IS NULL OR file_name IS NULL OR line_count IS NULL OR period_start IS NULL OR period_end IS NULL)
