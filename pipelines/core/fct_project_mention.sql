-- Each place where a project is mentioned.
SELECT key AS mention_id, project AS project_id, mention, name_printed AS name_as_printed,
       years_printed AS years_as_printed, line AS source_line, investment_printed AS total_investment_wan_as_printed
FROM stg_projects
