-- Interments against grave capacity.
SELECT * FROM forecast_graves
