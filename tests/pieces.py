"""Parts of published objects, as playlists and manifests name them, and what PyAV finds in them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Piece:
    """A segment, an I-frame or an initialization section (without seconds)."""

    path: Path
    offset: int
    size: int
    seconds: float = 0.0

    def read(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


@dataclass(frozen=True)
class Coded:
    """A coded frame: when it is shown, for how long, and whether decoding can begin with it."""

    time: Fraction
    seconds: Fraction
    is_key: bool
    media: bytes


def coded_frames(init: Piece, piece: Piece) -> list[Coded]:
    with av.open(io.BytesIO(init.read() + piece.read()), mode="r") as container:
        return [
            Coded(
                packet.pts * packet.time_base,
                (packet.duration or 0) * packet.time_base,
                packet.is_keyframe,
                bytes(packet),
            )
            for packet in container.demux()
            if packet.pts is not None and packet.time_base is not None
        ]


@dataclass(frozen=True)
class Decoded:
    """A decoded picture: when it is shown, and its luma."""

    time: float
    is_key: bool
    luma: npt.NDArray[np.uint8]


def decoded_pictures(init: Piece, *pieces: Piece) -> list[Decoded]:
    media = init.read() + b"".join(piece.read() for piece in pieces)
    with av.open(io.BytesIO(media), mode="r") as container:
        return [
            Decoded(
                float(frame.time or 0),
                frame.key_frame,
                np.asarray(frame.to_ndarray(format="yuv420p")[: frame.height], np.uint8),
            )
            for frame in container.decode(container.streams.video[0])
        ]


def assert_objects_are_used_up(init: Piece, pieces: list[Piece]) -> None:
    """One object from its first byte to its last without gaps, or an object for each piece."""
    pieces = [init, *pieces]
    if len({piece.path for piece in pieces}) == 1:
        for piece, following in pairwise(pieces):
            assert following.offset == piece.offset + piece.size
        assert pieces[0].offset == 0
        assert pieces[-1].offset + pieces[-1].size == pieces[0].path.stat().st_size
    else:
        assert len({piece.path for piece in pieces}) == len(pieces)
        assert all(piece.size == piece.path.stat().st_size for piece in pieces)
    assert init.read()[4:8] == b"ftyp"
