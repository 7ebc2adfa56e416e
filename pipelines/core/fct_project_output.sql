-- What projects deliver.
SELECT key AS output_id, project AS project_id, output, label, quantity, unit, coalesce(qualifier, '=') AS qualifier,
       increment, bed_class, mention, counted, value_printed AS value_as_printed, unit_printed AS unit_as_printed,
       line AS source_line
FROM stg_project_outputs
