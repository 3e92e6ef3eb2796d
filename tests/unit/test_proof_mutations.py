"""The proof (`make prove`) fails for copies of the code that are broken on purpose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

# What is broken, where, the code and what takes its place, and the promises that may tell of it.
MUTATIONS: dict[str, tuple[str, dict[str, str], set[str]]] = {
    "no lease is asked for": (
        "updates.py",
        {
            'self._condition = ("{pipeline}.leaseToken = {value}", token)': (
                'self._condition = ("attribute_exists({pipeline})", None)'
            )
        },
        {"older over newer", "not the latest", "not as a calm run", "completed twice"},
    ),
    "completed before the objects are there": (
        "worker.py",
        {"            publisher.wait()\n": ""},
        {"object missing"},
    ),
    "sequencers compared without padding": (
        "leases.py",
        {'.upper().ljust(SEQUENCER_LENGTH, "0")': ".upper()"},
        {"older over newer", "not the latest"},
    ),
    "a transient error is permanent": (
        "worker.py",
        {
            '            raise\n        return Outcome("Completed"': (
                '            self._catalog.fail(lease, PermanentError("internal", str(error)))\n'
                '            return Outcome("Failed")\n        return Outcome("Completed"'
            )
        },
        {"not as a calm run"},
    ),
    "a message that met another worker is dropped": (
        "handler.py",
        {"if BUSY in outcomes and not is_last_try:": "if False:"},
        {"given up early"},
    ),
    "a message is dropped after one try": (
        "handler.py",
        {
            "is_last_try = self._queue.is_last_receive(record)": "is_last_try = True",
            "self._queue.postpone(record)\n                raise\n": (
                "self._queue.postpone(record)\n"
            ),
        },
        {"given up early", "message lost"},
    ),
}


def tell_the_stories(common: Path, output: Path) -> tuple[int, dict[str, int]]:
    """The exit status, and how often which promise was broken, with `common` as lambda-common."""
    rooms = ("scripts", "tests", "lambda-image-processor", "lambda-video-processor", "lambda-sweep")
    path = os.pathsep.join([str(common), *(str(PROJECT / room) for room in rooms)])
    command = [sys.executable, "-m", "proof", "--schedules", "0", "--no-kills"]
    done = subprocess.run(
        [*command, "--processes", "1", "--output", str(output)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert output.exists(), done.stderr
    return done.returncode, json.loads(output.read_text())["violations"]


def test_the_stories_break_no_promise(tmp_path: Path) -> None:
    assert tell_the_stories(PROJECT / "lambda-common", tmp_path / "prove.json") == (0, {})


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_copy_breaks_a_promise(name: str, tmp_path: Path) -> None:
    file, changes, promises = MUTATIONS[name]
    common = tmp_path / "lambda-common"
    shutil.copytree(PROJECT / "lambda-common", common)
    module = common / "media_pipeline" / file
    text = module.read_text()
    for code, broken in changes.items():
        assert text.count(code) == 1, f"{file} does not have once: {code}"
        text = text.replace(code, broken)
    module.write_text(text)
    status, violations = tell_the_stories(common, tmp_path / "prove.json")
    assert status == 1
    assert violations
    assert violations.keys() <= promises
