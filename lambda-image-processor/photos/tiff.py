"""TIFF's directories, read without its pixels: also those of camera RAW that is built on it."""

from __future__ import annotations

from pathlib import Path

from PIL.TiffImagePlugin import ImageFileDirectory_v2

IMAGE_WIDTH, PHOTOMETRIC, SUB_IFDS, DNG_VERSION = 0x0100, 0x0106, 0x014A, 0xC612
BITS_PER_SAMPLE, SAMPLE_FORMAT, TILE_WIDTH, TILE_LENGTH = 0x0102, 0x0153, 0x0142, 0x0143
"""Tags of TIFF 6.0 and of DNG 1.7."""

UNSIGNED = 1
DEPTHS = frozenset({1, 2, 4, 8, 16})

OF_A_SENSOR = (32803, 34892)
"""The photometric interpretations of a colour filter array and of LinearRaw (DNG 1.7, ch. 4)."""

SUB_IFDS_LOOKED_AT = 8

DAMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError)


def is_whole(path: Path) -> bool:
    """Whether a file's first directory can be read: if not, it is damaged."""
    main = next(iter(_directories(path)), None)
    return main is not None and IMAGE_WIDTH in main


def is_taken(path: Path) -> bool:
    """Whether the pixels of a file are of a kind that Pillow makes the right ones of."""
    main = next(iter(_directories(path)), None)
    if main is None:
        return True
    depths, forms = main.get(BITS_PER_SAMPLE, (1,)), main.get(SAMPLE_FORMAT, (UNSIGNED,))
    return set(depths) <= DEPTHS and set(forms) == {UNSIGNED}


def tile_pixels(path: Path) -> int:
    """How many pixels one tile has, which a decoder makes room for; 0 where there are none."""
    main = next(iter(_directories(path)), None)
    return 0 if main is None else int(main.get(TILE_WIDTH, 0)) * int(main.get(TILE_LENGTH, 0))


def is_of_a_camera(path: Path) -> bool:
    """Whether a file holds what a sensor saw: DNG, NEF, ARW, PEF and their kin."""
    return any(
        DNG_VERSION in directory or directory.get(PHOTOMETRIC) in OF_A_SENSOR
        for directory in _directories(path)
    )


def _directories(path: Path) -> list[ImageFileDirectory_v2]:
    """The first directory and those below it, as far as they can be read."""
    read: list[ImageFileDirectory_v2] = []
    try:
        with path.open("rb") as file:
            header = file.read(8)
            if header[2:3] == b"+":
                header += file.read(8)
            offsets = [ImageFileDirectory_v2(header).next]
            while offsets and len(read) <= SUB_IFDS_LOOKED_AT:
                directory = ImageFileDirectory_v2(header)
                file.seek(int(offsets.pop(0)))
                directory.load(file)
                read.append(directory)
                below = directory.get(SUB_IFDS, ()) if len(read) == 1 else ()
                offsets += below if isinstance(below, tuple) else (below,)
    except DAMAGE:
        # Whatever is wrong with it is for the decoder to say.
        pass
    return read
