-- Census ages.
SELECT county_code, year, basis, sex, age_from, age_to, persons, source_id FROM stg_population
