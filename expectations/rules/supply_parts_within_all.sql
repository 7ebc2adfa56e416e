-- Institution, community and nursing beds are part of all beds, of those that stand and of those that are planned.
SELECT concat_ws('/', p.county_code, p.year, p.bed_type) AS row_key, p.beds AS value, a.beds AS all_beds
FROM mart_bed_supply AS p
JOIN mart_bed_supply AS a ON a.county_code = p.county_code AND a.year = p.year AND a.status = p.status AND a.bed_type = 'all'
WHERE p.bed_type <> 'all' AND p.beds > a.beds
