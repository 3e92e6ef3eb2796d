"""What came of a run, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from backfilling.estimate import Dollars, assumptions, estimate
from backfilling.listing import Reason
from backfilling.run import Backfill

if TYPE_CHECKING:
    from backfilling.deployed import Deployed

NEEDED = {
    "ListObjectsV2": "s3:ListBucket on the bucket",
    "BatchGetItem": "dynamodb:BatchGetItem on the table",
    "SendMessageBatch": "sqs:SendMessage on the queues",
}
UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")
ROW = "{:8} {:34} {:>12} {:>12}"


def counted(backfill: Backfill) -> Iterator[str]:
    """A table of what was found, by route and reason, and whose records cannot be read."""
    yield ROW.format("route", "", "objects", "size")
    order = list(Reason)
    for route, reason in sorted(
        backfill.counts, key=lambda found: (found[0] == "none", found[0], order.index(found[1]))
    ):
        count, size = backfill.counts[route, reason], backfill.sizes[route, reason]
        yield ROW.format(route, reason, f"{count:,}", readable(size))
    for key in backfill.unreadable:
        yield f"What `pipeline` says in the record of {key} cannot be read; it is not sent."


def estimated(backfill: Backfill) -> Iterator[str]:
    """What it would cost to process what is to send."""
    said = backfill.options.seconds_per_mb
    by_route = estimate(backfill.to_send, backfill.deployed, said)
    whole = Dollars(
        sum(cost.low for cost in by_route.values()), sum(cost.high for cost in by_route.values())
    )
    parts = ", ".join(f"{route} {cost}" for route, cost in by_route.items())
    yield f"Processing what is to send would cost about {whole} ({parts})."
    yield (
        f"Assumed: {'; '.join(assumptions(backfill.deployed, said))}; list prices of us-east-1; "
        "--seconds-per-mb says better."
    )


def readable(size: int) -> str:
    """A number of bytes in the largest decimal unit of which there is one."""
    amount = float(size)
    for unit in UNITS:
        if amount < 1000 or unit == UNITS[-1]:
            break
        amount /= 1000
    return f"{size} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


def sent(backfill: Backfill) -> Iterator[str]:
    """What a run that has come to its end did."""
    yield from counted(backfill)
    yield f"{backfill.sent:,} messages were sent."
    for refused in backfill.refused:
        yield f"SQS refuses the message of {refused.key} ({refused.told}); it was not sent."


def interrupted(backfill: Backfill) -> str:
    """How to go on."""
    if backfill.options.is_dry_run:
        return "Interrupted; nothing was sent."
    if backfill.state.is_finished:
        return f"Interrupted at its end; all {backfill.state.sent:,} messages were sent."
    return f"Interrupted; {backfill.state.sent:,} messages were sent. {going_on(backfill)}"


def going_on(backfill: Backfill) -> str:
    """Where the same command would begin."""
    after = f"after {backfill.state.last_key}" if backfill.state.last_key else "from the beginning"
    return f"The same command goes on {after}, as {backfill.state_file} says."


def explained(error: ClientError | BotoCoreError, deployed: Deployed) -> str:
    """What AWS, or the way to it, has against the run."""
    if isinstance(error, NoCredentialsError):
        return "There are no AWS credentials: set AWS_PROFILE, or sign in."
    if isinstance(error, BotoCoreError):
        return str(error)
    code, operation = error.response["Error"]["Code"], error.operation_name
    told = error.response["Error"].get("Message", "no more is said").rstrip(".")
    if "AccessDenied" in code:
        needed = NEEDED.get(operation, operation)
        return f"These credentials may not do what is needed ({code}: {told}): allow {needed}."
    where = f"{deployed.bucket}, {deployed.table} and their queues in {deployed.region}"
    return f"AWS answered {operation} with {code}: {told}. Asked were {where}."
