"""Staging → dim_ and fct_ tables: keys, types, references; one row per fact. One SQL file per table, file name = table."""
