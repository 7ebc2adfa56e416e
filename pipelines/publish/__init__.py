"""A checked candidate → one release: DuckDB, Parquet, Excel, dictionary, site, manifest, and the switch."""
