"""The lowest cosines of small pictures, which thumbhashes and perceptual hashes are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

Rows = Sequence[Sequence[float]]


def lowest_cosines(rows: Rows, across: int, down: int) -> list[list[float]]:
    """The mean of `rows` times each of the first cosines, [down][across] (DCT-II, unscaled).

    Coefficient (v, u) of a picture of h rows and w columns is the mean over x and y of
    `rows[y][x] * cos(pi * v * (y + 1/2) / h) * cos(pi * u * (x + 1/2) / w)`.
    """
    horizontal = _waves(len(rows[0]), across)
    along = [
        [sum(map(float.__mul__, row, wave)) for wave in horizontal]
        for row in ([float(value) for value in row] for row in rows)
    ]
    columns = list(zip(*along, strict=True))
    pixels = len(rows) * len(rows[0])
    return [
        [sum(map(float.__mul__, column, wave)) / pixels for column in columns]
        for wave in _waves(len(rows), down)
    ]


@cache
def _waves(length: int, count: int) -> tuple[tuple[float, ...], ...]:
    return tuple(
        tuple(math.cos(math.pi * wave * (x + 0.5) / length) for x in range(length))
        for wave in range(count)
    )
