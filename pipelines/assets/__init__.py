"""Thin Dagster assets and checks, one module per layer, calling the packages beside this one. No logic."""
