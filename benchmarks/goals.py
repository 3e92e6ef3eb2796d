"""What benchmarks make of their rounds: ratios, goals and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich import box
from rich.table import Table

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Goal:
    """The limit of a figure, itself included unless the figure has to stay `below` it."""

    words: str
    limit: float

    def is_met(self, figure: float) -> bool:
        return {
            "at most": figure <= self.limit,
            "below": figure < self.limit,
            "at least": figure >= self.limit,
        }[self.words]

    def __str__(self) -> str:
        return f"{self.words} {self.limit:.4g}"


def median_ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """The median of the rounds' own ratios: what slowed one round slowed both of its sides."""
    return median(a / b for a, b in zip(one, other, strict=True))


def goals_table(answer: Mapping[str, float | None], goals: Mapping[str, Goal]) -> Table:
    """Each figure beside its goal."""
    goals_and_figures = table("figure", "measured", "goal", "")
    for name, figure in answer.items():
        goal = goals.get(name)
        if figure is None:
            goals_and_figures.add_row(name, "not here", str(goal or ""), "")
            continue
        verdict = "" if goal is None else "met" if goal.is_met(figure) else "not met"
        goals_and_figures.add_row(name, f"{figure:.4g}", str(goal or ""), verdict)
    return goals_and_figures


def table(*columns: str) -> Table:
    """An empty table; what is not a name of something is a number."""
    empty = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        is_number = column not in ("contender", "figure", "goal", "")
        empty.add_column(column, justify="right" if is_number else "left", no_wrap=True)
    return empty
