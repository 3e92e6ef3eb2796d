"""What the command line asks for."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backfilling.errors import BackfillError
from backfilling.listing import Filters

ROUTES = ("images", "videos")

LOWEST_RATE = 0.01

DESCRIPTION = """
Sends objects that lie in the bucket already through the module's queues, as if they had just been
uploaded. Left out is what is complete as the recipe is now, what failed for good under it (unless
--retry-failed asks for that) and what is in work. Nothing is asked before it sends: --dry-run says
what would be sent, and for about how much. Sending an object twice harms nothing.
"""

EPILOG = """
The credentials need s3:ListBucket on the bucket, dynamodb:BatchGetItem on the table and
sqs:SendMessage on the queues. What is sent last is kept in a file (--state): after an interruption,
or an error, the same command goes on from there. A run that has finished begins anew, so does one
that asks for other objects, or after the recipe has changed. Of a record's
originals the newest is sent if their keys lie together; if another record's lie between, each is.
"""


@dataclass(frozen=True)
class Options:
    """`prefix` None: all originals; `state` None: named after the bucket; `rate` is per second."""

    outputs: str
    prefix: str | None
    filters: Filters
    is_dry_run: bool
    rate: float
    state: Path | None
    seconds_per_mb: Mapping[str, float]


def read_options(arguments: Sequence[str] | None) -> Options:
    """Raises `BackfillError` for words that are none, `SystemExit` for what argparse refuses."""
    given = _parser().parse_args(arguments)
    try:
        (given.prefix or "").encode()
    except UnicodeEncodeError as error:
        raise BackfillError(f"--prefix {given.prefix!r} is not UTF-8, as every key is.") from error
    filters = Filters(
        since=_moment("--since", given.since),
        until=_moment("--until", given.until),
        route=given.route,
        retry_failed=given.retry_failed,
    )
    if filters.since and filters.until and filters.since >= filters.until:
        raise BackfillError("Nothing lies between: give --until a later time than --since.")
    return Options(
        outputs=given.outputs,
        prefix=given.prefix,
        filters=filters,
        is_dry_run=given.dry_run,
        rate=given.rate,
        state=given.state,
        seconds_per_mb=dict(given.seconds_per_mb),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument(
        "outputs",
        help="the file that `terraform output -json media` wrote, where the root has an output "
        "`media` whose value is module.media; - for standard input",
    )
    parser.add_argument("--prefix", help="what keys begin with: all originals unless said")
    parser.add_argument(
        "--since",
        metavar="TIME",
        help="uploaded then or later: 2026-03-01 or 2026-03-01T18:30, UTC",
    )
    parser.add_argument("--until", metavar="TIME", help="uploaded before that time, UTC")
    parser.add_argument("--route", choices=ROUTES, help="both unless said")
    parser.add_argument(
        "--retry-failed",
        action="store_true",
        help="send what has failed for good, too, once its cause (a key's policy, say) is mended",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="count, estimate the cost, and send nothing"
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        default=20.0,
        metavar="N",
        help=f"messages a second at most: {LOWEST_RATE} or more, 20 unless said",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="where to keep how far it came: backfill-<bucket>.json, here, unless said",
    )
    parser.add_argument(
        "--seconds-per-mb",
        type=_seconds,
        action="append",
        default=[],
        metavar="ROUTE=SECONDS",
        help="for the estimate: what a function of yours takes per megabyte, such as videos=1.5",
    )
    return parser


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BackfillError(
            f"{option} {text} is no date or time; write 2026-03-01 or 2026-03-01T18:30."
        ) from error


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return number


def _rate(text: str) -> float:
    rate = _positive(text)
    if rate < LOWEST_RATE:
        raise argparse.ArgumentTypeError(f"{text} is less than {LOWEST_RATE}")
    return rate


def _seconds(text: str) -> tuple[str, float]:
    route, _, seconds = text.partition("=")
    if route not in ROUTES:
        raise argparse.ArgumentTypeError(f"{text} names no route; write such as videos=1.5")
    return route, _positive(seconds)
