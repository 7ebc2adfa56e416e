-- Counties with a plan, then the reference areas above them. Counties of one short name (several are called Gulou) have their
-- code in it: it names pages.
SELECT county_code, name_zh, name_en, prefecture_zh, prefecture_en, province_zh, province_en, kind,
       valid_from, CASE WHEN count(*) OVER (PARTITION BY slug) > 1 THEN slug || '-' || county_code ELSE slug END AS slug, TRUE AS has_plan
FROM stg_county
UNION ALL
SELECT county_code, name_zh, name_en, prefecture_zh, NULL, province_zh, NULL, kind, valid_from, NULL, FALSE
FROM stg_areas
WHERE county_code NOT IN (SELECT county_code FROM stg_county)
