SELECT *, regexp_extract(filename, '([0-9]{6})-[^/]*/[^/]*$', 1) AS county_code
FROM read_csv('{{ env_var("PEER_RAW") }}/[0-9]*/statistics.csv', all_varchar = true, header = true, filename = true)
