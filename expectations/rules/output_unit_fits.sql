-- Beds are counted in beds, areas in m² or mu, and only beds have a class.
SELECT output_id AS row_key, output AS value, unit, bed_class
FROM fct_project_output
WHERE unit <> CASE WHEN output IN ('beds', 'nursing_beds') THEN 'beds' WHEN output IN ('floor_area_m2', 'land_area_m2') THEN 'm2'
                   WHEN output = 'land_area_mu' THEN 'mu' WHEN output IN ('graves', 'eco_graves') THEN 'graves'
                   WHEN output = 'road_km' THEN 'km' WHEN output = 'amount_wan' THEN 'wan_yuan' ELSE unit END
   OR (bed_class IS NOT NULL) <> (output IN ('beds', 'nursing_beds'))
