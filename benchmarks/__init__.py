"""Measurements, printed as ratios against a peer or a floor of the same run. Never asserted in tests."""
