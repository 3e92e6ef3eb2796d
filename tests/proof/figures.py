"""What the schedules of a run met."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

KILLED = {"before": "killed before", "after": "killed after"}


@dataclass
class Figures:
    """`calls` counts by call site, `fates` by call site and what became of the call."""

    schedules: int = 0
    with_two_workers: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    fates: Counter[tuple[str, str]] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)

    def add(self, other: Self) -> None:
        self.schedules += other.schedules
        self.with_two_workers += other.with_two_workers
        self.calls += other.calls
        self.fates += other.fates
        self.violations += other.violations

    @property
    def kills(self) -> dict[str, dict[str, int]]:
        """By call site, how often a worker was killed before the call, and after it."""
        return {
            site: {when: self.fates[site, fate] for when, fate in KILLED.items()}
            for site in sorted(self.calls)
        }

    @property
    def never_killed(self) -> list[str]:
        """Where no worker was killed, before the call or after it."""
        return [
            f"{when} {site}"
            for site, kills in self.kills.items()
            for when, count in kills.items()
            if not count
        ]

    def report(self) -> dict[str, Any]:
        """As JSON has it."""
        others: Counter[str] = Counter()
        for (_, fate), count in self.fates.items():
            if fate not in KILLED.values():
                others[fate] += count
        return {
            "schedules": self.schedules,
            "schedules_with_two_workers": self.with_two_workers,
            "violations": dict(sorted(self.violations.items())),
            "calls": sum(self.calls.values()),
            "kills": self.kills,
            "faults": dict(sorted(others.items())),
        }
