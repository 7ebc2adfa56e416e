"""Raw file → typed frame. One reader for CSV and Excel, contracts from the registry, every problem named at once."""
