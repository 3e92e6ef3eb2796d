"""What was measured, as figures, goals and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from rich.table import Table

from goals import MEGABYTE, Goal, median_ratio, table
from images.contenders import FLOOR, OURS, PYVIPS, SHARP_BEST, SHARP_USUAL
from images.job import Output
from processes import Spent


@dataclass(frozen=True)
class Shape:
    """What has to be the same for everyone: pixels, and how a JPEG comes."""

    width: int
    height: int
    progressive: bool


@dataclass
class Measured:
    """Everything that the runs answered; who is not here has no entry.

    `spent` and `starts` (wall seconds) hold one entry a round, `sizes` bytes of all outputs,
    `similarities` the SSIM of each size, and `peak_100mp` bytes.
    """

    spent: dict[str, list[Spent]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    similarities: dict[str, dict[str, float]] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)
    peak_100mp: int = 0


GOALS = {
    "cpu_vs_sharp_usual": Goal("at most", 0.60),
    "cpu_vs_sharp_best": Goal("at most", 0.95),
    "cpu_vs_floor": Goal("at most", 1.10),
    "wall_vs_cpu": Goal("at most", 0.65),
    "peak_mb": Goal("below", 160),
    "peak_mb_100mp": Goal("below", 400),
    "min_ssim": Goal("at least", 0.985),
    "bytes_vs_sharp": Goal("at most", 1.05),
    "cold_start_vs_bare_boto3": Goal("at most", 1.4),
}


def figures(measured: Measured) -> dict[str, float | None]:
    """The benchmark's answer; None for what needs somebody who is not here."""

    def cpu(name: str) -> list[float]:
        return [spent.cpu for spent in measured.spent[name]]

    def cpu_against(name: str) -> float | None:
        return median_ratio(cpu(OURS), cpu(name)) if name in measured.spent else None

    def least_similar(name: str) -> float | None:
        return min(measured.similarities.get(name, {}).values(), default=None)

    has_sharp = SHARP_USUAL in measured.sizes
    ours = measured.spent[OURS]
    return {
        "cpu_vs_sharp_usual": cpu_against(SHARP_USUAL),
        "cpu_vs_sharp_best": cpu_against(SHARP_BEST),
        "cpu_vs_pyvips": cpu_against(PYVIPS),
        "cpu_vs_floor": cpu_against(FLOOR),
        "wall_vs_cpu": median_ratio([spent.wall for spent in ours], cpu(OURS)),
        "peak_mb": max(spent.peak for spent in ours) / MEGABYTE,
        "peak_mb_100mp": measured.peak_100mp / MEGABYTE,
        "min_ssim": least_similar("ours"),
        "sharp_min_ssim": least_similar("sharp"),
        "bytes_vs_sharp": (
            measured.sizes[OURS] / measured.sizes[SHARP_USUAL] if has_sharp else None
        ),
        "cold_start_vs_bare_boto3": median_ratio(measured.starts["ours"], measured.starts["bare"]),
    }


def mismatch(name: str, outputs: Iterable[Output], made: Mapping[str, Shape]) -> str | None:
    """A sentence about the first file that a contender did not make as the others, if any."""
    expected = {
        output.file: Shape(output.width, output.height, output.progressive) for output in outputs
    }
    for file in expected.keys() | made.keys():
        if made.get(file) != expected.get(file):
            return (
                f"The contenders cannot be compared: {name} made {file} as "
                f"{made.get(file, 'nothing')}, not as {expected.get(file, 'nothing')}."
            )
    return None


def contenders_table(measured: Measured) -> Table:
    """CPU, wall, peak memory and bytes of everyone; medians of the rounds, and the highest peak."""
    contenders = table("contender", "CPU s", "wall s", "peak MB", "bytes")
    for name in (OURS, SHARP_USUAL, SHARP_BEST, PYVIPS, FLOOR):
        if name not in measured.spent:
            contenders.add_row(name, "not here")
            continue
        rounds = measured.spent[name]
        contenders.add_row(
            name,
            f"{median(spent.cpu for spent in rounds):.3f}",
            # The floor's process does more than what counts as the floor.
            "" if name == FLOOR else f"{median(spent.wall for spent in rounds):.3f}",
            "" if name == FLOOR else f"{max(spent.peak for spent in rounds) / MEGABYTE:.0f}",
            f"{measured.sizes[name]:,}",
        )
    return contenders
