-- A nation is 100000, a province ends in 0000, a prefecture in 00, a county in neither.
SELECT county_code AS row_key, kind AS value, name_zh
FROM dim_county
WHERE kind <> CASE WHEN county_code = '100000' THEN 'nation' WHEN county_code LIKE '%0000' THEN 'province'
                   WHEN county_code LIKE '%00' THEN 'prefecture' ELSE kind END
   OR (kind IN ('nation', 'province', 'prefecture') AND county_code NOT LIKE '%00')
