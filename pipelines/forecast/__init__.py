"""Population forecasts: elderly, deaths, beds and graves. Pure functions, arrays in, arrays out; start at `project`."""

from __future__ import annotations

DEFAULT_NAME = "default"
"""Of the set of assumptions that a release is made under."""
