"""Builds the zips that Terraform deploys: `python scripts/build.py --help`."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from artifacts import ARTIFACTS, BuildError, Target, build
from artifacts.target import ARCHITECTURES, RUNTIMES


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 1 after a sentence on standard error that says what is in the way."""
    # As an exception, so that what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = _parse(arguments)
    try:
        target = (
            Target.of_this_machine()
            if options.local
            else Target.of_lambda(options.runtime, options.architecture)
        )
        build(
            options.artifacts,
            target=target,
            output=options.output,
            report=_say,
            raw=options.raw,
            cjk=options.cjk,
            debs=options.debs,
        )
    except BuildError as error:
        _say(f"error: {error}")
        return 1
    return 0


def _parse(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Builds the zips that Terraform deploys.")
    parser.add_argument("artifacts", nargs="*", metavar="artifact", default=list(ARTIFACTS))
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="x86_64")
    python = parser.add_mutually_exclusive_group()
    python.add_argument("--runtime", choices=RUNTIMES, default="python3.13")
    python.add_argument(
        "--local",
        action="store_true",
        help="for this machine's own Python, glibc and processor, to run here only",
    )
    parser.add_argument(
        "--raw",
        action="store_true",
        help="with what opens camera RAW, which is 60 MB more, unpacked",
    )
    parser.add_argument(
        "--cjk",
        action="store_true",
        help="with a font for Chinese, Japanese and Korean, which is 3.5 MB more, unpacked",
    )
    parser.add_argument(
        "--debs",
        type=Path,
        metavar="FOLDER",
        help="where the Debian packages lie, on a machine without Debian's apt",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("build"),
        metavar="FOLDER",
        help="where the zips go, in place of those of another architecture: build/ unless said",
    )
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
