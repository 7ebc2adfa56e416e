-- One statement of one quantity at one place.
SELECT s.key AS observation_id, s.county_code, s.indicator_id, i.domain, s.project AS project_id, s.period_start,
       s.period_end, s.period_inferred, s.measure, s.value, s.unit, s.qualifier, s.target_kind, s.target_level,
       s.breakdown, s.status, s.value_printed AS value_as_printed, s.unit_printed AS unit_as_printed,
       s.indicator_printed AS indicator_as_printed, s.place, s.source_id, s.line AS source_line, s.restates, s.note
FROM stg_statistics AS s
JOIN reg_indicators AS i ON i.indicator_id = s.indicator_id
