WITH parts AS (SELECT county_code, project, sum(CAST(value_printed AS DOUBLE)) AS wan FROM {{ ref('raw_project_funding') }} GROUP BY 1, 2)
SELECT a.county_code, a.project FROM {{ ref('annex') }} AS a
JOIN parts AS f ON f.county_code = a.county_code AND f.project = a.project WHERE abs(f.wan - a.wan) > 0.005
