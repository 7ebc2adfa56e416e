-- What else the censuses say of the prefectures and provinces that counties lie in.
SELECT area_code, year, variable, value, unit, source_id FROM stg_area_covariates
