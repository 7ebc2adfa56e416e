-- A project is printed with one investment wherever it is mentioned (repaired cells and 万 or 亿 aside).
SELECT m.project_id AS row_key, string_agg(DISTINCT m.total_investment_wan_as_printed, ' / ' ORDER BY m.total_investment_wan_as_printed) AS value
FROM fct_project_mention AS m
WHERE m.total_investment_wan_as_printed IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM fct_correction AS c WHERE c.table_name = 'projects' AND c.county_code || '-' || c.row_key = m.mention_id)
GROUP BY m.project_id
HAVING max(try_cast(m.total_investment_wan_as_printed AS DOUBLE)) <> min(try_cast(m.total_investment_wan_as_printed AS DOUBLE))
   AND max(try_cast(m.total_investment_wan_as_printed AS DOUBLE)) <> 10000 * min(try_cast(m.total_investment_wan_as_printed AS DOUBLE))
