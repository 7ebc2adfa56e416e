SELECT s.*, m.indicator_id, i.domain, CAST(s.value_printed AS DOUBLE) AS value
FROM {{ ref('raw_statistics') }} AS s
LEFT JOIN {{ ref('raw_indicator_map') }} AS m ON m.county_code = s.county_code AND m.indicator_printed = s.indicator_printed
LEFT JOIN read_csv('{{ env_var("PEER_REGISTRY") }}', all_varchar = true) AS i ON i.indicator_id = m.indicator_id
