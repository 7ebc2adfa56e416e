-- Every numeral of every document.
SELECT f.county_code, s.source_id, f.line AS source_line, f.occurrence, f.printed, f.status, f.reason
FROM stg_figures AS f
JOIN stg_source AS s ON s.county_code = f.county_code AND s.sha256 IS NOT NULL
