-- Declared repairs that were applied.
SELECT correction_id, county_code, "table" AS table_name, row_key, "column" AS column_name, printed, corrected,
       reason_code, reason_zh, reason_en, evidence
FROM stg_corrections
WHERE status = 'applied'
