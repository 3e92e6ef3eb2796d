"""What was measured, as figures, goals and a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from rich.table import Table

from goals import MEGABYTE, Goal, median_ratio, table
from processes import Spent
from videos.contenders import FIRST, FLOOR, OURS, PASSTHROUGH, USUAL


@dataclass
class Measured:
    """Everything that the runs answered.

    `spent` holds one entry a round, `sizes` the bytes of all outputs, `picture_sizes` those of the
    rungs' coded pictures, `similarities` the SSIM of each rung.
    """

    spent: dict[str, list[Spent]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    picture_sizes: dict[str, int] = field(default_factory=dict)
    similarities: dict[str, dict[str, float]] = field(default_factory=dict)


LIMITS = {
    "cpu_vs_usual": 0.50,
    "cpu_vs_floor": 1.05,
    "passthrough_vs_full": 0.60,
    "first_publish_vs_full": 0.03,
    "bytes_vs_usual": 1.05,
    "picture_bytes_vs_usual": 1.05,
}


def goals(answer: Mapping[str, float]) -> dict[str, Goal]:
    """The issue's goals; that of the SSIM is what the usual way has."""
    at_most = {name: Goal("at most", limit) for name, limit in LIMITS.items()}
    return {**at_most, "min_ssim": Goal("at least", answer["usual_min_ssim"])}


def figures(measured: Measured) -> dict[str, float]:
    """The benchmark's answer.

    SSIM has three digits: x264's threads and its rate control make a little of each run its own.
    """

    def cpu(name: str) -> list[float]:
        return [spent.cpu for spent in measured.spent[name]]

    def least_similar(name: str) -> float:
        return round(min(measured.similarities[name].values()), 3)

    return {
        "cpu_vs_usual": median_ratio(cpu(OURS), cpu(USUAL)),
        "cpu_vs_floor": median_ratio(cpu(OURS), cpu(FLOOR)),
        "passthrough_vs_full": median_ratio(cpu(PASSTHROUGH), cpu(OURS)),
        "first_publish_vs_full": median_ratio(cpu(FIRST), cpu(OURS)),
        "min_ssim": least_similar(OURS),
        "usual_min_ssim": least_similar(USUAL),
        "bytes_vs_usual": measured.sizes[OURS] / measured.sizes[USUAL],
        "picture_bytes_vs_usual": measured.picture_sizes[OURS] / measured.picture_sizes[USUAL],
    }


def contenders_table(measured: Measured) -> Table:
    """CPU, wall, peak memory and bytes of everyone; medians of the rounds, and the highest peak."""
    contenders = table("contender", "CPU s", "wall s", "peak MB", "bytes")
    for name in (OURS, PASSTHROUGH, FIRST, USUAL, FLOOR):
        rounds = measured.spent[name]
        contenders.add_row(
            name,
            f"{median(spent.cpu for spent in rounds):.2f}",
            # The floor is told from processes that do more than it.
            "" if name == FLOOR else f"{median(spent.wall for spent in rounds):.2f}",
            "" if name == FLOOR else f"{max(spent.peak for spent in rounds) / MEGABYTE:.0f}",
            "" if name == FLOOR else f"{measured.sizes[name]:,}",
        )
    return contenders


def similarities_table(measured: Measured) -> Table:
    """The SSIM of each rung against the source scaled to its size."""
    similarities = table("figure", "SSIM here", "SSIM elsewhere")
    usual = measured.similarities[USUAL]
    for rung, value in measured.similarities[OURS].items():
        similarities.add_row(rung, f"{value:.5f}", f"{usual[rung]:.5f}")
    return similarities
