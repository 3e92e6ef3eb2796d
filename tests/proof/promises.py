"""What is promised of every upload, looked at after each call that may break it, and at the end."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import PurePosixPath
from typing import Any

from proof import aws
from proof.calm import Calm, calm_state, shape
from proof.gates import Call
from proof.uploads import Upload, Uploads


class ViolationError(AssertionError):
    """A promise that was broken; `kind` groups those of one sort."""

    def __init__(self, kind: str, told: str) -> None:
        super().__init__(f"{kind}: {told}")
        self.kind = kind
        self.is_counted = False


class Witness:
    """Sees every call that took effect."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._completed: set[tuple[str, str]] = set()
        """The key and the revision of each."""
        self._completions: Counter[tuple[str, str]] = Counter()
        """By key and version."""
        self._shown: dict[str, int] = {}
        self.purged = False
        self.asked: set[str] = set()
        """The keys that somebody has had done without an event: no message tells of those."""
        self.swept_up: set[str] = set()
        """The keys that a sweep has given up."""
        self.retries: Counter[str] = Counter()
        """By key, how often somebody has asked for a finished upload to be done again."""

    def see(self, call: Call, status: int, kind: str, receives: int | None) -> None:
        """Look whether the call has broken a promise. Raises `ViolationError`.

        `kind` is who made it, a `sweep` or a `function`, which may be at a message's nth receive.
        """
        if status != 200 or call.operation not in ("UpdateItem", "DeleteObjects", "DeleteObject"):
            return
        there = aws.objects("renditions/")
        if call.site.startswith("Catalog.exhaust"):
            if kind == "sweep":
                self.swept_up |= {upload.key for upload in self.exhausted()}
            elif receives and receives < aws.MAX_RECEIVES:
                raise ViolationError("given up early", f"at the message's receive {receives}")
        for record in aws.records():
            for named in aws.named_keys(record):
                key = named["key"]
                if key.startswith("renditions/") and key not in there:
                    raise ViolationError(
                        "object missing", f"{key} is named after {call.site} and is not there"
                    )
            if call.site.startswith("Catalog.complete") and self._has_ended(record):
                reach(record, there)
                self._see_completion(record)

    def _has_ended(self, record: dict[str, Any]) -> bool:
        return record.get("status") == "completed" and "endedAt" in record["pipeline"]

    def _see_completion(self, record: dict[str, Any]) -> None:
        pipeline = record["pipeline"]
        key, version = pipeline["key"], pipeline["sourceVersion"]
        run = (key, pipeline["revision"])
        if run in self._completed:
            return
        self._completed.add(run)
        order = self._uploads.order_of(key, version)
        if order < self._shown.get(key, -1):
            raise ViolationError(
                "older over newer", f"{key}: upload {order} after {self._shown[key]}"
            )
        self._shown[key] = order
        self._completions[key, version] += 1
        times = sum((u.key, u.version) == (key, version) for u in self._uploads.made)
        if self._completions[key, version] > times + self.retries[key]:
            raise ViolationError("completed twice", f"{key} in version {version}")

    def judge_order(self) -> None:
        """Whatever has ended tells of the latest upload whose event came, with no sweep's help."""
        latest = self._uploads.latest()
        for record in aws.records():
            pipeline = record["pipeline"]
            upload = latest[pipeline["key"]]
            if upload.is_lost or "leaseToken" in pipeline or "endedAt" not in pipeline:
                continue
            held = self._uploads.order_of(upload.key, pipeline["sourceVersion"])
            if held != upload.order:
                raise ViolationError(
                    "not the latest", f"{upload.key}: upload {held} of {upload.order}, unswept"
                )

    def judge_unswept(self) -> None:
        """Where nobody was killed, every message brought its upload to an end, or is a dead one."""
        dead = aws.dead_letters()
        for record in aws.records():
            key = record["pipeline"]["key"]
            if "endedAt" not in record["pipeline"] and key not in dead:
                raise ViolationError("left to the sweep", key)

    def judge_states(self, *, is_redriven: bool) -> None:
        """Each upload that is the latest has the one record that a calm run gives.

        Until dead letters are redriven it may say `retries_exhausted` instead.
        """
        records: dict[str, dict[str, Any]] = {}
        for record in aws.records():
            key = record.get("pipeline", {}).get("key")
            if key is None or key in records:
                raise ViolationError("record of nothing", repr(record))
            records[key] = record
        for key, upload in self._uploads.latest().items():
            if key not in records:
                raise ViolationError("no record", key)
            self._judge_state(upload, records[key], is_redriven=is_redriven)

    def has_seen_all_end(self) -> bool:
        """Whether every upload's record has come to an end, whatever it says."""
        ended = {r["pipeline"].get("key") for r in aws.records() if "endedAt" in r["pipeline"]}
        return self._uploads.latest().keys() <= ended

    def exhausted(self) -> list[Upload]:
        """The latest uploads whose record says that every try failed."""
        told = {r["pipeline"].get("key"): r.get("error", {}).get("code") for r in aws.records()}
        latest = self._uploads.latest()
        return [upload for key, upload in latest.items() if told.get(key) == "retries_exhausted"]

    def _judge_state(self, upload: Upload, record: dict[str, Any], *, is_redriven: bool) -> None:
        status = record["status"]
        if status not in ("completed", "failed"):
            raise ViolationError("stuck", f"{upload.key} is {status}")
        error = record.get("error", {})
        pipeline = record["pipeline"]
        if error.get("code") == "retries_exhausted" and not is_redriven:
            self._judge_exhausted(upload.key, int(pipeline["attempts"]))
            return
        held = self._uploads.order_of(upload.key, pipeline["sourceVersion"])
        # What never was told of is found by its ETag, which is that of its bytes.
        is_same = (
            upload.is_lost and held >= 0 and self._uploads.made[held].content == upload.content
        )
        if held != upload.order and not is_same:
            raise ViolationError("not the latest", f"{upload.key}: upload {held} of {upload.order}")
        calm = calm_state(self._uploads.kind, upload.content)
        if shape(record) != calm.shape:
            raise ViolationError(
                "not as a calm run", f"{upload.key}: {shape(record)} instead of {calm.shape}"
            )

    def _judge_exhausted(self, key: str, attempts: int) -> None:
        """Its message can be redriven, or a sweep has sent it as often as is promised."""
        if key in aws.dead_letters():
            return
        if not self.is_beyond_redrive(key):
            raise ViolationError("message lost", f"{key} has no dead letter")
        if key not in self.asked and attempts < aws.MAX_RECEIVES:
            raise ViolationError("given up early", f"{key} after {attempts} attempts")

    def is_beyond_redrive(self, key: str) -> bool:
        """Whether nothing but a backfill brings an upload back that was given up."""
        return self.purged or key in self.asked or key in self.swept_up

    def judge_objects(self) -> None:
        """What records mean is there with its bytes, and nothing else is."""
        there = aws.objects("renditions/")
        meant: set[str] = set()
        latest = self._uploads.latest()
        for record in aws.records():
            calm = calm_state(self._uploads.kind, latest[record["pipeline"]["key"]].content)
            meant |= self._judge_bytes(record, there, calm)
        if left := there.keys() - meant:
            raise ViolationError("object left", f"{len(left)} objects nobody means: {min(left)}")

    def _judge_bytes(self, record: dict[str, Any], there: dict[str, bytes], calm: Calm) -> set[str]:
        folder = f"renditions/gallery/{record['id']}/{record['pipeline'].get('revision')}/"
        reached = reach(record, there)
        for named in aws.named_keys(record):
            body = there.get(named["key"], b"")
            if named["key"].startswith("renditions/") and (
                "sha256" in named and hashlib.sha256(body).hexdigest() != named["sha256"]
            ):
                raise ViolationError("other bytes", named["key"])
        made = {key.removeprefix(folder): there[key] for key in reached}
        if made != calm.objects:
            differing = {
                n for n in made.keys() | calm.objects if made.get(n) != calm.objects.get(n)
            }
            raise ViolationError("not as a calm run", f"{record['id']}: {sorted(differing)} differ")
        return reached


def reach(record: dict[str, Any], there: dict[str, bytes]) -> set[str]:
    """The keys of every output that a record means, directly or through a playlist."""
    waiting = [named["key"] for named in aws.named_keys(record)]
    reached: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in reached or not key.startswith("renditions/"):
            continue
        if key not in there:
            raise ViolationError("object missing", f"{key} is named and is not there")
        reached.add(key)
        if PurePosixPath(key).suffix in (".m3u8", ".mpd", ".vtt"):
            folder = PurePosixPath(key).parent
            named = aws.referred(there[key].decode())
            waiting += [_resolve(folder, name) for name in named]
    return reached


def _resolve(folder: PurePosixPath, name: str) -> str:
    parts = list(folder.parts)
    for part in PurePosixPath(name).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
