-- Percentiles rise, of what is left, how long it lasts and what must be free; the earliest depletion comes first.
SELECT concat_ws('/', county_code, year, scenario) AS row_key, remaining_p50 AS value, remaining_p10, remaining_p90
FROM mart_cemetery_outlook
WHERE remaining_p10 > remaining_p50 OR remaining_p50 > remaining_p90
   OR depletion_year_p10 > depletion_year_p50 OR depletion_year_p50 > depletion_year_p90
   OR years_of_supply_p10 > years_of_supply_p50 OR years_of_supply_p50 > years_of_supply_p90
   OR break_even_p10 > break_even_p50 OR break_even_p50 > break_even_p90
