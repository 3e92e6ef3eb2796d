"""What a record's attributes and statuses are called in the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["processing", "completed", "failed"]

RESULTS = (
    "contentType",
    "size",
    "width",
    "height",
    "durationSeconds",
    "blurhash",
    "thumbhash",
    "lqip",
    "dominantColor",
    "perceptualHash",
    "renditions",
    "stream",
    "downloads",
    "poster",
    "storyboard",
    "metadata",
    "warnings",
    "timings",
)
"""The attributes that a run writes anew; what a run does not give is removed."""

JOB_RESULTS = (*RESULTS, "outputKeys", "segmentsCreated")

PROGRESS = ("processing_stage", "progress_percentage")


@dataclass(frozen=True)
class Vocabulary:
    """One sort of record: its words, where they differ from the canonical, and its results.

    `errors` are what say why a run failed: `error` a code and a sentence, `errorMessage` the
    sentence.
    """

    attributes: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[Status, str] = field(default_factory=dict)
    results: tuple[str, ...] = RESULTS
    errors: tuple[str, ...] = ("error",)

    def __post_init__(self) -> None:
        if taken := {"id", "projectId", "pipeline"} & set(self.attributes.values()):
            raise ValueError(f"no attribute of a job's record is called {min(taken)}")
        if "pipeline" in self.attributes:
            raise ValueError("pipeline is called pipeline in every record")

    def attribute(self, canonical: str) -> str:
        """What the table calls the attribute."""
        return self.attributes.get(canonical, canonical)

    def status(self, canonical: Status) -> str:
        """What the table calls the status."""
        return self.statuses.get(canonical, canonical)


MEDIA = Vocabulary()
