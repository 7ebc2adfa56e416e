SELECT c.province_zh, o.indicator_id, median(o.value) AS median, count(*) AS count
FROM {{ ref('observations') }} AS o JOIN {{ ref('counties') }} AS c ON c.county_code = o.county_code
WHERE o.measure = 'actual' AND o.period_end = '2020' AND o.restates IS NULL GROUP BY 1, 2
