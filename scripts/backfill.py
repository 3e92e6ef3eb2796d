"""Sends what lies in the bucket through the queues: `python scripts/backfill.py --help`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

# So that the command needs nothing set to find the recipe and the records.
sys.path.append(str(Path(__file__).resolve().parents[1] / "lambda-common"))

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from backfilling import report
from backfilling.deployed import Deployed, read_deployed
from backfilling.errors import BackfillError
from backfilling.options import Options, read_options
from backfilling.progress import Bar, Display, Lines
from backfilling.run import Backfill, Services

INTERRUPTED = 128 + signal.SIGINT
UNREAD = 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 after a sentence on what is in the way, 130 interrupted, 141 unread."""
    # Terminated is interrupted.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options = read_options(arguments)
        deployed = read_deployed(options.outputs)
        return _run(options, deployed)
    except BackfillError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        _fail("Interrupted; nothing was sent.")
        return INTERRUPTED
    except BrokenPipeError:
        # Python would complain at its end of what it could not write, such as to `| head`.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD


def _run(options: Options, deployed: Deployed) -> int:
    try:
        backfill = Backfill(deployed, options, _services(deployed))
        try:
            return _report(backfill)
        except KeyboardInterrupt:
            _fail(report.interrupted(backfill))
            return INTERRUPTED
    except (ClientError, BotoCoreError) as error:
        return _fail(report.explained(error, deployed))


def _report(backfill: Backfill) -> int:
    if backfill.state.last_key:
        _say([f"It goes on after {backfill.state.last_key}, as {backfill.state_file} says."])
    try:
        backfill.run(_display)
    except (BackfillError, ClientError, BotoCoreError):
        if backfill.sent:
            _say_aside(report.going_on(backfill))
        raise
    if backfill.options.is_dry_run:
        _say([*report.counted(backfill), *report.estimated(backfill)])
    else:
        _say(report.sent(backfill))
    return 1 if backfill.refused else 0


def _services(deployed: Deployed) -> Services:
    session = boto3.Session(region_name=deployed.region)
    patient = Config(retries={"mode": "standard", "total_max_attempts": 8})
    return Services(
        s3=session.client("s3", config=patient),
        dynamodb=session.client("dynamodb", config=patient),
        sqs=session.client("sqs", config=patient),
    )


def _display(total: int) -> Display:
    console = Console(stderr=True)
    if console.is_terminal:
        return Bar(console, total)
    return Lines(_say_aside, total, time.monotonic)


def _say(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def _say_aside(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _fail(sentence: str) -> int:
    _say_aside(sentence)
    return 1


if __name__ == "__main__":
    sys.exit(main())
