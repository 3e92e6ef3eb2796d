"""What the schedules of a run met."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

SITES = frozenset(
    {
        "Catalog.claim (UpdateItem)",
        "Catalog.complete (UpdateItem)",
        "Catalog.exhaust (UpdateItem)",
        "Catalog.fail (UpdateItem)",
        "Catalog.publish_early (UpdateItem)",
        "Catalog.release (UpdateItem)",
        "Catalog.report (GetItem)",
        "Originals.current_version (HeadObject)",
        "Originals.fetch (GetObject)",
        "Originals.head (HeadObject)",
        "Originals.list (ListObjectsV2)",
        "Outputs.remove (DeleteObjects)",
        "Outputs.remove (ListObjectsV2)",
        "Queue.postpone (ChangeMessageVisibility)",
        "Queues.intakes (GetQueueAttributes)",
        "Queues.send (SendMessage)",
        "Records.forget_leftovers (UpdateItem)",
        "Records.pages (Scan)",
        "Records.read (GetItem)",
        "put 32w.jpg",
        "put 32w.webp",
        "put downloads/48p.mp4",
        "put hls/48p-iframes.m3u8",
        "put hls/48p.m3u8",
        "put hls/48p.mp4",
        "put hls/first.m3u8",
        "put hls/master.m3u8",
        "put storyboard/sheet-00001.jpg",
        "put storyboard/storyboard.vtt",
        "put thumb.jpg",
    }
)
"""Where a function or the sweep calls AWS for a photo or a video; each of these must be killed."""

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
            for site in sorted(SITES | self.calls.keys())
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
