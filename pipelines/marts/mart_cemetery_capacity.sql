-- What the plans state of places for the dead, class by class, with the line.
SELECT * FROM forecast_cemetery_capacity
