"""From an uploaded photo, whatever camera it came from, to its renditions and its record."""
