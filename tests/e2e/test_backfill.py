"""Uploads that nobody was told of, sent through the deployed module by the command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clips import moving_clip
from e2e.application import count_messages
from e2e.conftest import House
from pictures import jpeg

PREFIX = "originals/gallery-7/backfilled-"


@pytest.fixture
def untold(house: House) -> Iterator[None]:
    with house.untold("images", "videos"):
        yield


def backfill(house: House, folder: Path, *options: str) -> list[list[str]]:
    """What the command says, in words, run as from a shell that has credentials and no more."""
    outputs = folder / "media.json"
    outputs.write_text(json.dumps(house.deployment.outputs))
    access = house.deployment.access
    command = [sys.executable, "scripts/backfill.py", str(outputs), "--prefix", PREFIX, *options]
    ended = subprocess.run(
        [*command, "--state", str(folder / "state.json")],
        env={
            "AWS_ACCESS_KEY_ID": access["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": access["aws_secret_access_key"],
            "AWS_ENDPOINT_URL": access["endpoint_url"],
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return [line.split() for line in ended.stdout.splitlines()]


@pytest.mark.usefixtures("untold")
def test_what_lies_there_is_done_once(house: House, tmp_path: Path) -> None:
    names = ["a b+c%.jpg", "ü ß.JPEG", "x&y.PNG"]
    for number, name in enumerate(names):
        house.upload(f"{PREFIX}{number}/{name}", jpeg((300, 200)))
    house.upload(f"{PREFIX}text/text.jpg", b"just text")
    house.upload(f"{PREFIX}notes/notes.txt", b"just text")
    clip = moving_clip(tmp_path / "clip.mp4", size=(640, 360), seconds=1.0)
    house.upload(f"{PREFIX}clip/clip.mp4", clip.read_bytes())

    said = backfill(house, tmp_path, "--dry-run")
    assert [line[:4] for line in said if line[1:3] == ["to", "send"]] == [
        ["images", "to", "send", "4"],
        ["videos", "to", "send", "1"],
    ]
    assert not count_messages(house.deployment.sqs, house.deployment.outputs["queues"])
    assert not house.record("backfilled-0")

    said = backfill(house, tmp_path)
    assert said[-1] == ["5", "messages", "were", "sent."]
    for name in ("0", "1", "2", "clip"):
        record = house.finished(f"backfilled-{name}")
        assert (record["status"], record["pipeline"]["attempts"]) == ("completed", 1), record
    assert house.finished("backfilled-text")["status"] == "failed"
    house.assert_queues_drain()

    assert [line[:-2] for line in backfill(house, tmp_path)[1:]] == [
        ["images", "complete", "already", "3"],
        ["images", "failed", "for", "good", "1"],
        ["videos", "complete", "already", "1"],
        ["none", "no", "original's", "key", "1"],
        ["0", "messages"],
    ]
