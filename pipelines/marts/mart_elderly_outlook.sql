-- The natural projection of the elderly.
SELECT * FROM forecast_elderly
