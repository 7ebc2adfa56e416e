"""Templates, style and scripts of the site, and `content`, which says what each page shows."""
