SELECT regexp_extract(filename, '([0-9]{6})-[^/]*/[^/]*$', 1) AS county_code,
       regexp_extract(content, 'province_zh = "([^"]*)"', 1) AS province_zh
FROM read_text('{{ env_var("PEER_RAW") }}/[0-9]*/county.toml')
