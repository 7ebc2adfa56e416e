-- Published death rates.
SELECT geography, period, sex, age_from, death_rate, source_id FROM stg_mortality
