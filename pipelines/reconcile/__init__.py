"""Rules that hold a document against itself, the census and the higher plan. Out come contradictions, both places and
the arithmetic; no figure is changed here."""
