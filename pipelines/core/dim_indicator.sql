-- Shared indicators that occur in the data, with the counties that state them on this definition.
WITH stated AS (
  SELECT indicator_id, string_agg(DISTINCT county_code, ';' ORDER BY county_code) AS counties
  FROM stg_statistics
  WHERE value IS NOT NULL
  GROUP BY indicator_id
)
SELECT i.indicator_id, i.domain, i.name_zh, i.name_en, i.unit, i.better, i.nature, i.additivity, i.definition_zh,
       i.definition_en, NULLIF(i.denominator, '') AS denominator, s.counties AS comparable_counties,
       coalesce(c.compared_as, i.indicator_id) AS compared_as
FROM reg_indicators AS i
LEFT JOIN stated AS s ON s.indicator_id = i.indicator_id
LEFT JOIN reg_comparisons AS c ON c.indicator_id = i.indicator_id
