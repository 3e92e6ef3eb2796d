"""What ends a backfill with a sentence."""

from __future__ import annotations


class BackfillError(Exception):
    """The run cannot begin, or cannot go on; says why in a sentence for a person."""
