SELECT f.* FROM {{ ref('raw_project_funding') }} AS f
LEFT JOIN {{ ref('raw_projects') }} AS p ON p.county_code = f.county_code AND p.project = f.project WHERE p.key IS NULL
