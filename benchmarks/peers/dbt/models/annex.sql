SELECT p.county_code, p.project, p.key, p.domain, CAST(coalesce(c.corrected, p.investment_printed) AS DOUBLE) AS wan
FROM {{ ref('raw_projects') }} AS p
LEFT JOIN {{ ref('raw_corrections') }} AS c
  ON c.county_code = p.county_code AND c."table" = 'projects' AND c.row_key = p.key AND c."column" = 'investment_printed'
WHERE p.in_annex = '1'
