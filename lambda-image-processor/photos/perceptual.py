"""A hash that near-duplicates share most of."""

from __future__ import annotations

from PIL import Image

from imaging.colour import flatten
from imaging.cosines import lowest_cosines

SIDE = 32
KEPT = 8


def perceptual_hash(pixels: Image.Image, background: str) -> str:
    """64 bits as 16 hex digits: which of a picture's low cosines are above their median.

    The DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions"
    (2010), 3.2.1, of 32 x 32 grey pixels, but with the cosines that run in one direction only, as
    ImageHash's `phash` has it: stripes would all be alike without them. Row by row, the first bit
    is the highest.
    """
    grey = flatten(pixels, background).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    values = grey.tobytes()
    rows = [values[start : start + SIDE] for start in range(0, len(values), SIDE)]
    cosines = lowest_cosines(rows, KEPT, KEPT)
    # Rounded, or else errors of rounding would be all that a plain surface's bits tell of.
    kept = [round(cosine, 6) for row in cosines for cosine in row]
    upper, lower = sorted(kept)[len(kept) // 2], sorted(kept)[len(kept) // 2 - 1]
    middle = (upper + lower) / 2
    bits = "".join("1" if cosine > middle else "0" for cosine in kept)
    return f"{int(bits, 2):016x}"
