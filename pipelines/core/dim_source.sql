-- Plan documents of the counties, their yearly reports and reports on projects, then the statistical data sets.
SELECT source_id, county_code, title_zh, title_en, issuer_zh, document_number, date_as_printed, file_name, sha256,
       line_count, period_start, period_end, licence, quality_grade, NULL AS citation
FROM stg_source
UNION ALL
SELECT source_id, NULL, title_zh, title_en, issuer_zh, NULL, NULL, NULL, NULL, NULL, period_start, period_end, licence,
       quality_grade, citation
FROM stg_datasets
