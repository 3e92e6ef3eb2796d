"""`python -m local_aws --folder build/local-aws [--port 5000]`, until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from threading import Event, Thread

from local_aws.errors import LocalAwsError
from local_aws.server import LocalAws


def main() -> int:
    """Run in the foreground; the answer is the exit status."""
    parser = argparse.ArgumentParser(prog="local_aws", description="An AWS on this machine.")
    parser.add_argument("--folder", type=Path, required=True, help="for all that it writes")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument(
        "--until-input-ends", action="store_true", help="stop at the end of the standard input"
    )
    options = parser.parse_args()
    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    if options.until_input_ends:
        Thread(target=_await_end_of_input, args=(ended,), daemon=True).start()
    try:
        with LocalAws(options.folder, options.port) as aws:
            _announce(aws)
            ended.wait()
    except LocalAwsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _announce(aws: LocalAws) -> None:
    """Print the endpoint, and from then on nothing: whoever reads it may be gone soon."""
    sys.stdout.write(f"{aws.endpoint}\n")
    sys.stdout.flush()
    with aws.server_log.open("a") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())


def _await_end_of_input(ended: Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
