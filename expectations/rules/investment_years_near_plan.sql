-- Money falls into years within five of the plan.
SELECT concat_ws('/', m.county_code, m.domain, m.funder, m.year) AS row_key, m.year AS value, s.period_start AS first_year, s.period_end AS last_year
FROM mart_investment AS m
JOIN dim_source AS s ON s.county_code = m.county_code AND s.sha256 IS NOT NULL
WHERE m.year < s.period_start - 5 OR m.year > s.period_end + 5
