-- Census ages of the prefectures and provinces that counties lie in.
SELECT area_code, year, basis, sex, age_from, age_to, persons, source_id FROM stg_area_population
