"""What a source says of itself in its own bytes: MP4 headers, H.264 parameter sets, frame times.

Nothing here decodes, runs a program or writes.
"""

from bitstream.reasons import Reason
from bitstream.sound import CopiedSound
from bitstream.timing import LONGEST_SEGMENT, segment_grid

__all__ = ["LONGEST_SEGMENT", "CopiedSound", "Reason", "segment_grid"]
