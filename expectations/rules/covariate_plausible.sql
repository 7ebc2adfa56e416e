-- A characteristic lies between so many times another one of its county (by itself where none is named): parts within the
-- whole, registered persons near the residents, birth and death rates between 1 and 40 per 1,000.
WITH limits (variable, low, high, whole) AS (
  VALUES ('resident', 1, 1e9, NULL), ('birth_rate', 1, 40, NULL), ('death_rate', 1, 40, NULL), ('household_size', 1, 12, NULL),
         ('minority_share', 0, 100, NULL), ('registered', 0.3, 3, 'resident'), ('urban_residents', 0, 1, 'resident'),
         ('households_with_65plus', 0, 1, 'resident'), ('households_with_65plus', 0, 1, 'family_households'),
         ('family_households', 0, 1, 'family_household_members'), ('family_household_members', 0, 1, 'resident'),
         ('single_person_households', 0, 1, 'family_households'),
         ('households_with_one_65plus', 0, 1, 'households_with_65plus'), ('migrants_within_county', 0, 1, 'resident'),
         ('migrants_within_province', 0, 1, 'resident'), ('migrants_from_other_provinces', 0, 1, 'resident')
)
SELECT DISTINCT concat_ws('/', v.county_code, v.year, v.variable) AS row_key, v.value, l.low * coalesce(w.value, 1) AS low,
       l.high * coalesce(w.value, 1) AS high
FROM fct_census_covariate AS v
JOIN limits AS l ON l.variable = v.variable
LEFT JOIN fct_census_covariate AS w ON w.county_code = v.county_code AND w.year = v.year AND w.variable = l.whole
WHERE CASE WHEN l.whole IS NULL THEN NOT v.value BETWEEN l.low AND l.high
           WHEN w.value IS NULL THEN l.whole = 'resident'
           ELSE NOT v.value BETWEEN l.low * w.value AND l.high * w.value END
