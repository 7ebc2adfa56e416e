"""People aged 60+ in 2030: medians of an independent comparison of methods on the national panel, for orientation (FORECAST §3)."""

ORIENTATION = {"530425": 43_900, "530129": 120_400, "620722": 54_300, "532301": 169_600, "530112": 260_000}
