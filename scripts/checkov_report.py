"""Checkov over the project's Terraform, as .checkov.yaml says, in one line if nothing fails.

    python scripts/checkov_report.py build/checkov/bin/checkov

A module is called by many roots; what is found in it counts once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# A block with `for_each` is looked at once instead of for each of its instances, which are alike:
# the findings are the same, in half the time.
ONCE_FOR_EACH = {
    "CHECKOV_ENABLE_FOREACH_HANDLING": "False",
    "CHECKOV_ENABLE_MODULES_FOREACH_HANDLING": "False",
}


class CheckovError(Exception):
    """Checkov found something, or could not look; says what in words for a person."""


def scan(checkov: Path, root: Path = ROOT) -> Mapping[str, Any]:
    """What checkov reports of `root`, as its JSON has it."""
    # The project's own modules are none of checkov's business.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [checkov.resolve(), "--config-file", ".checkov.yaml", "--output", "json"],
        cwd=root,
        env=inherited | ONCE_FOR_EACH,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise CheckovError(f"checkov failed:\n{done.stdout}{done.stderr}") from None
    if not isinstance(report, dict) or "results" not in report:
        raise CheckovError("checkov found no Terraform to scan: see .checkov.yaml.")
    return report


def summary(report: Mapping[str, Any]) -> str:
    """The counts in one line; raises `CheckovError` with each failure if there is any."""
    results = report["results"]
    passed, failed, skipped = (
        _once(results[f"{outcome}_checks"]) for outcome in ("passed", "failed", "skipped")
    )
    unread = results["parsing_errors"]
    counts = f"checkov: {len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped"
    if failed or unread:
        raise CheckovError("\n".join([counts, *failed, *(f"{path}: not read" for path in unread)]))
    return counts


def _once(checks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each check of each block of code in a line, wherever the block is used from."""
    return sorted(
        {
            f"{check['repo_file_path'].lstrip('/')}:{check['file_line_range'][0]}: "
            f"{check['check_id']} {check['check_name']}"
            for check in checks
        }
    )


def main(arguments: Sequence[str]) -> None:
    """Prints the counts; a `CheckovError` goes to stderr, with exit code 1."""
    try:
        sys.stdout.write(f"{summary(scan(Path(arguments[0])))}\n")
    except CheckovError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
