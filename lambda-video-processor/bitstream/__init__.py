"""What a source says of itself in its own bytes: MP4 headers, H.264 parameter sets, frame times.

Nothing here decodes, runs a program or writes.
"""
