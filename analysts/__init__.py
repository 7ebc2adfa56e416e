"""The analysts' own Dagster code location, served apart from the refresh: see definitions.py."""
