"""Raw frames → typed, canonical frames with declared corrections applied. No aggregates, no ratios, no filled gaps."""
