-- Every numeral that is a fact or restates one leads to a fact; no other does.
SELECT g.county_code || '/' || g.source_line || '/' || g.occurrence AS row_key, g.printed AS value, g.status
FROM fct_source_figure AS g
LEFT JOIN (SELECT DISTINCT county_code, source_line, occurrence FROM fct_figure_fact) AS f
  ON f.county_code = g.county_code AND f.source_line = g.source_line AND f.occurrence = g.occurrence
WHERE (g.status IN ('fact', 'restated')) <> (f.county_code IS NOT NULL)
