WITH old AS (
  SELECT county_code, sum(CAST(persons AS INTEGER)) AS n FROM {{ ref('raw_population') }}
  WHERE year = '2020' AND CAST(age_from AS INTEGER) >= 60 GROUP BY 1
)
SELECT a.county_code, a.domain, sum(a.wan) AS wan, sum(a.wan) * 10000.0 / max(o.n) AS yuan
FROM {{ ref('annex') }} AS a JOIN old AS o ON o.county_code = a.county_code GROUP BY 1, 2
