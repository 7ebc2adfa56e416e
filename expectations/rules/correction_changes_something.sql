-- A repair changes its cell and gives its evidence.
SELECT correction_id AS row_key, printed AS value, corrected
FROM fct_correction
WHERE printed IS NOT DISTINCT FROM corrected OR length(trim(evidence)) = 0
