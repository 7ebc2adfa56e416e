SELECT county_code, domain, count(*) AS n FROM {{ ref('observations') }} WHERE restates IS NULL GROUP BY 1, 2
