WITH led AS (SELECT county_code, unnest(string_split(facts, ' ')) AS fact FROM {{ ref('raw_figures') }} WHERE facts IS NOT NULL),
keys AS (
  SELECT county_code, key FROM {{ ref('raw_statistics') }} UNION ALL SELECT county_code, key FROM {{ ref('raw_projects') }}
  UNION ALL SELECT county_code, key FROM {{ ref('raw_project_funding') }}
  UNION ALL SELECT county_code, key FROM {{ ref('raw_project_outputs') }}
)
SELECT * FROM led LEFT JOIN keys ON keys.county_code = led.county_code AND keys.key = split_part(led.fact, '.', 1) WHERE keys.key IS NULL
