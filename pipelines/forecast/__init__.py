"""Population forecasts: elderly, deaths, beds and graves. Pure functions, arrays in, arrays out; start at `project`."""

from __future__ import annotations
