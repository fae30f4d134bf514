"""Checks for the sceptic: luck of the search, luck of the draw, a look into the future, warm-up, and differences."""
