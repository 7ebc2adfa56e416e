-- What else the censuses say of a county.
SELECT county_code, year, variable, value, unit, source_id FROM stg_covariates
