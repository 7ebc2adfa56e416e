-- Cited assumptions of the forecast.
SELECT parameter_id, topic, name_zh, name_en, value, low, high, minimum, maximum, distribution, unit, geography, year, citation, grade
FROM stg_parameters
