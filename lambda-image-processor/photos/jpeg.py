"""JPEG files, read so that what is missing from the middle of one does not pass unseen.

libjpeg fills in grey for what a damaged file lacks, and Pillow does not hear its warnings. But it
cannot go on without bytes. So the end marker is withheld: a scan that is whole is decoded without
it, one that lost some of its bits waits for more, and one with bits that do not belong to it is
done before its end. That is for JPEGs in one scan, as cameras write them: of one in several, as
all progressive ones are, it is known which bits of which coefficients its scans bring, and whether
any were left out.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mmap

    from _typeshed import WriteableBuffer

EOI, SOS, DRI, HUFFMAN_SEQUENTIAL = 0xD9, 0xDA, 0xDD, (0xC0, 0xC1)
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Second bytes of the markers of ITU-T T.81, table B.1."""

MOST_SCANS = 100
"""Encoders write about ten; each is decoded over all pixels, however few its bytes are."""

MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
RESTART = re.compile(rb"\xff([\xd0-\xd7])")

COEFFICIENTS = 64

LOOKED_AHEAD = b"\xff\x00" * 10
"""Ones, such as fill up the last byte of a scan: libjpeg reads a few bytes more than it needs."""

MOST_FILLER = 65536
TAIL = 256
"""Some cameras leave filler, or a few bytes more, between a scan and its end marker."""


class DamagedScanError(ValueError):
    """The compressed pixels of a JPEG are not those that its header announces."""


@dataclass
class FrameHeader:
    """What a JPEG's header says of its pixels; sides in pixels, sampling factors per component."""

    marker: int
    width: int
    height: int
    sampling: dict[int, tuple[int, int]]
    missing_bits: dict[int, list[float]]

    @classmethod
    def from_segment(cls, marker: int, body: bytes) -> FrameHeader:
        """From the segment of a start-of-frame marker (T.81, B.2.2)."""
        components = {
            body[at]: (body[at + 1] >> 4, body[at + 1] & 15) for at in range(6, 6 + 3 * body[5], 3)
        }
        return cls(
            marker,
            int.from_bytes(body[3:5], "big"),
            int.from_bytes(body[1:3], "big"),
            components,
            {component: [math.inf] * COEFFICIENTS for component in components},
        )

    @property
    def units(self) -> int:
        """How many minimum coded units a scan of all components has (T.81, A.2)."""
        if len(self.sampling) == 1:
            across = down = 1
        else:
            across = max(horizontal for horizontal, _ in self.sampling.values())
            down = max(vertical for _, vertical in self.sampling.values())
        return math.ceil(self.width / (8 * across)) * math.ceil(self.height / (8 * down))

    def is_in_one_scan(self, components: int) -> bool:
        """Whether a scan of so many components is all of a JPEG that is decoded as it is read."""
        return self.marker in HUFFMAN_SEQUENTIAL and components == len(self.sampling)

    def note_scan(self, header: bytes) -> None:
        """What one of several scans brings (T.81, B.2.3 and G.1.1.1)."""
        count = header[0]
        first, last, precision = header[1 + 2 * count : 4 + 2 * count]
        for component in header[1 : 1 + 2 * count : 2]:
            for coefficient in range(first, last + 1):
                self.missing_bits[component][coefficient] = precision & 15


class JpegFile(io.RawIOBase):
    """The bytes of a JPEG as its decoder is given them: the end of a sequential scan is withheld.

    Raises `DamagedScanError` for a file that is not worth decoding.
    """

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        self._position = 0
        self._end = len(data)
        self._tail_start = 0
        self._withheld = b""
        self._tail_was_read = True
        try:
            self._look_for_scan()
        except (IndexError, KeyError, ValueError) as error:
            raise DamagedScanError("the header of the JPEG makes no sense") from error

    def require_whole(self) -> None:
        """To be asked when all pixels are there. Raises `DamagedScanError` if bytes are left."""
        if not self._tail_was_read:
            raise DamagedScanError("the pixels were complete before the end of the scan")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        size = self._end + len(self._withheld)
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        start = self._position
        if start < self._tail_start:
            piece = self._data[start : min(self._tail_start, start + len(view))]
        elif start < self._end:
            self._tail_was_read = True
            piece = self._data[start : min(self._end, start + len(view))]
        else:
            piece = self._withheld[start - self._end : start - self._end + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _look_for_scan(self) -> None:
        frame: FrameHeader | None = None
        interval = scans = 0
        for marker, start, stop in _segments(self._data):
            if marker in FRAMES:
                frame = FrameHeader.from_segment(marker, self._data[start:stop])
            elif marker == DRI:
                interval = int.from_bytes(self._data[start:stop], "big")
            elif marker == SOS and frame:
                if frame.is_in_one_scan(self._data[start]):
                    self._withhold_end_of(frame, stop, interval)
                    return
                scans += 1
                if scans > MOST_SCANS:
                    raise DamagedScanError("there are more scans than any picture needs")
                frame.note_scan(self._data[start:stop])
        if frame and any(map(any, frame.missing_bits.values())):
            raise DamagedScanError("the scans of the JPEG leave bits out")

    def _withhold_end_of(self, frame: FrameHeader, start: int, interval: int) -> None:
        found = MARKER.search(self._data, start)
        self._end = found.start() if found else len(self._data)
        if interval and frame.height:
            self._require_restarts(start, math.ceil(frame.units / interval) - 1)
        last = self._data[max(start, self._end - MOST_FILLER) : self._end]
        filler = len(last) - len(last.rstrip(b"\x00\xff"))
        self._tail_start = max(start, self._end - filler - TAIL)
        self._tail_was_read = False
        self._withheld = LOOKED_AHEAD

    def _require_restarts(self, start: int, count: int) -> None:
        # Some encoders write one more behind the last part.
        markers = islice(RESTART.finditer(self._data, start, self._end), count + 2)
        numbers = [match[1][0] & 7 for match in markers]
        if len(numbers) - count not in (0, 1) or numbers != [i % 8 for i in range(len(numbers))]:
            raise DamagedScanError("the restart markers are not those of the picture's size")


def _segments(data: bytes | mmap.mmap) -> Iterator[tuple[int, int, int]]:
    """Each marker with where its segment's body starts and stops, up to the end of the image.

    What is no marker is passed over, as decoders do: the data of scans above all.
    """
    at = 2
    while found := MARKER.search(data, at):
        marker, start = data[found.start() + 1], found.end()
        if marker == EOI:
            return
        at = start + max(2, int.from_bytes(data[start : start + 2], "big"))
        yield marker, start + 2, at
