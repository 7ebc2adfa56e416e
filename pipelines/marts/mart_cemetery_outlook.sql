-- Interments against all stated grave capacity; its classes are named in capacity_classes.
SELECT county_code, year, scenario, deaths_p50, interments_p50, ashes_p50, capacity, capacity_status, capacity_classes,
       remaining_p10, remaining_p50, remaining_p90, depletion_year_p10, depletion_year_p50, depletion_year_p90, depletion_status,
       years_of_supply_p10, years_of_supply_p50, years_of_supply_p90, break_even_p10, break_even_p50, break_even_p90, method_version
FROM forecast_graves
WHERE capacity_class = 'all'
