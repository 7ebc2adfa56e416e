-- What is odd about the plans' own assumptions.
SELECT * FROM forecast_plausibility
