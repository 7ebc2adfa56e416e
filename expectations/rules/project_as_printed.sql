-- The investment is the printed number, unless a repair was declared for one of its mentions.
SELECT p.project_id AS row_key, p.total_investment_wan AS value, p.total_investment_wan_as_printed AS printed
FROM fct_project AS p
WHERE (p.total_investment_wan IS NULL) <> (p.total_investment_wan_as_printed IS NULL)
   OR abs(p.total_investment_wan - try_cast(regexp_extract(replace(p.total_investment_wan_as_printed, ',', ''), '[0-9]+(\.[0-9]+)?') AS DOUBLE)
          * CASE WHEN p.total_investment_wan_as_printed LIKE '%亿%' THEN 10000 ELSE 1 END) > 0.005
  AND NOT EXISTS (
    SELECT 1 FROM fct_correction AS c
    JOIN fct_project_mention AS m ON m.mention_id = c.county_code || '-' || c.row_key
    WHERE c.table_name = 'projects' AND m.project_id = p.project_id AND c.column_name IN ('investment_printed', 'investment_unit')
  )
