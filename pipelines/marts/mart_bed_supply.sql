-- Existing and planned beds, never added here, per 1,000 elderly of the forecast.
SELECT s.county_code, s.year, s.status, s.bed_type, s.beds, s.beds_status, s.beds * 1000.0 / NULLIF(e.p50, 0) AS per_1000_60plus,
       s.basis, s.unstated_lines
FROM forecast_supply AS s
LEFT JOIN forecast_elderly AS e
  ON e.county_code = s.county_code AND e.year = s.year AND e.age_band = '60+' AND e.sex = 'both'
