-- One release has one method per table.
SELECT 'method_version' AS row_key, string_agg(DISTINCT method_version, ', ' ORDER BY method_version) AS value FROM mart_elderly_outlook HAVING count(DISTINCT method_version) > 1
