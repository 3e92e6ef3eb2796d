"""`make bench-videos`: one clip, every way to make all that its stream needs, side by side."""

RECORD = "record.json"
"""Where this project's contender writes the record of the video, beside the outputs."""
