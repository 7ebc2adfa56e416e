-- What moves the bed demand most.
SELECT * FROM forecast_sensitivity
