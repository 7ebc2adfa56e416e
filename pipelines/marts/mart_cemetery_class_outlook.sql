-- Interments against all stated capacity and against public-benefit capacity alone.
SELECT * FROM forecast_graves
