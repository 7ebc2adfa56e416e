"""Verdicts on plan targets: what was promised, where it stands, and how that is said. No forecasts are made here and no
figure is invented: what is not known stays typed as unknown."""
