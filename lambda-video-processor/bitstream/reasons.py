"""Why a source cannot be copied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """`word` is stable and meant for programs; `sentence` is meant for a person."""

    word: str
    sentence: str


class NotCopiedError(Exception):
    """A track is not to be copied, for `reasons`, of which there is at least one."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(" ".join(reason.sentence for reason in self.reasons))

    @classmethod
    def because(cls, word: str, sentence: str) -> NotCopiedError:
        """With a single reason."""
        return cls([Reason(word, sentence)])
