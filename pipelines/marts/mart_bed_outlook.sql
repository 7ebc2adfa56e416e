-- Bed demand against supply.
SELECT * FROM forecast_beds
