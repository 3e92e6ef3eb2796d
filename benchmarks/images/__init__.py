"""`make bench-images`: one photo, every way to make its renditions, side by side."""

RECORD = "record.json"
"""Where this project's contender writes the record of the photo, beside the outputs."""
