"""A sweep: every record once, then every upload once, then what has waited in vain."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from media_pipeline.assignments import key_of_original, route_of
from media_pipeline.leases import is_ours, parse_time
from media_pipeline.recipe import match_key
from media_pipeline.records import Catalog
from media_pipeline.telemetry import logger
from media_pipeline.updates import read_item
from sweeping.buckets import NotRemovedError, Originals, Outputs, Upload
from sweeping.claims import Claims, ItemKey
from sweeping.counts import Count
from sweeping.findings import Finding, find, leftovers_of
from sweeping.queues import Queues
from sweeping.revisions import places
from sweeping.run import Run, SweepError
from sweeping.settings import SweepSettings
from sweeping.tables import SEGMENTS, Records

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

EVENT_PATIENCE = timedelta(hours=2)
"""How late an upload's event may be, its time in the queue included, before it counts as lost."""

UPLOAD_AGE = timedelta(days=6)
"""How old an upload may be to be looked at; whatever is older, earlier sweeps have seen.

Longer than a queue keeps a message: what waited there until it was lost is found after that.
"""

TABLE_SHARE = 0.5
"""How much of the time the table may take, lest a large one leaves no time for the uploads."""

Waiting = dict[frozenset[tuple[str, str]], ItemKey]
"""The keys of records that wait for an upload."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sweeper:
    """Finds what got stuck or was left over; each decision is made of what was read a moment ago.

    Any number of sweeps may run side by side, and beside any number of workers.
    """

    def __init__(
        self,
        settings: SweepSettings,
        s3: S3Client,
        dynamodb: DynamoDBClient,
        sqs: SQSClient,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._recipe = settings.recipe
        self._key = settings.key
        self._pending = settings.pending
        self._records = Records(dynamodb, settings.table, settings.attributes)
        self._originals = Originals(s3, settings.bucket)
        self._outputs = Outputs(s3, settings.output_bucket)
        self._queues = Queues(sqs, settings.queues)
        self._claims = Claims(settings, Catalog(dynamodb, settings.table), self._queues)
        self._now = now

    def sweep(self, counts: Counter[Count], holder: str, seconds_left: Callable[[], float]) -> None:
        """Count what is found and done into `counts`, as it happens.

        Raises `SweepError` at the end if anything could not be seen to.
        """
        run = Run(counts, holder, seconds_left, self._now)
        waiting: Waiting = {}
        with run.guarding({"queues": [*self._queues.urls]}):
            run.intakes = self._queues.intakes()
        with run.passing(TABLE_SHARE):
            self._sweep_table(run, waiting)
        if waiting or self._queues.urls:
            with run.passing():
                self._sweep_uploads(run, waiting)
        if run.failures:
            raise SweepError(
                f"{run.failures} findings could not be seen to; the log says which, above"
            )

    def _sweep_table(self, run: Run, waiting: Waiting) -> None:
        # In another order every time, for a sweep that runs out of time leaves the last ones.
        for segment in random.SystemRandom().sample(range(SEGMENTS), SEGMENTS):
            with run.guarding({"segment": segment}):
                run.check_time()
                for page in self._records.pages(segment):
                    for item in page:
                        self._sweep_item(run, item, waiting)
                    run.check_time()

    def _sweep_item(self, run: Run, item: Mapping[str, Any], waiting: Waiting) -> None:
        # As it is called in the log, whatever else of the item can be read.
        named = {name: next(iter(item[name].values())) for name in self._key}
        with run.guarding({"record": named}):
            record = read_item(item)
            item_key = {name: record[name] for name in self._key}
            self._note(run, item_key, record.get("pipeline"))
            finding = find(record, self._pending, run.started)
            if finding is None:
                return
            run.check_time()
            if finding is Finding.PENDING:
                waiting[frozenset(item_key.items())] = item_key
            elif finding is Finding.LEFTOVERS:
                self._remove_leftovers(run, item_key, record["pipeline"])
            elif self._records.read(item_key).get("pipeline") == record["pipeline"]:
                self._claims.revive(run, item_key, record["pipeline"])

    def _note(self, run: Run, item_key: ItemKey, pipeline: object) -> None:
        """Know a recent upload by its record, so that it need not be read again."""
        if not is_ours(pipeline) or pipeline.get("bucket") != self._originals.bucket:
            return
        if "endedAt" in pipeline and parse_time(pipeline["endedAt"]) < run.started - UPLOAD_AGE:
            return
        key, etag = pipeline.get("key"), pipeline.get("etag")
        if key and etag and key_of_original(key, self._recipe) == item_key:
            run.known.add((key, etag))

    def _remove_leftovers(self, run: Run, item_key: ItemKey, pipeline: dict[str, Any]) -> None:
        gone = set()
        left = leftovers_of(pipeline, run.started)
        for place in places(item_key, pipeline, self._recipe, left):
            try:
                removed = self._outputs.remove(place, self._is_original, run.check_time)
            except (ClientError, NotRemovedError):
                logger.exception("A revision was not removed")
                run.failures += 1
                continue
            gone.add(place.revision)
            if removed:
                run.count(Count.REVISIONS_REMOVED)
                logger.info("Removed %d objects below %s", removed, place.prefix)
        if gone:
            self._records.forget_leftovers(item_key, pipeline, gone)

    def _is_original(self, key: str) -> bool:
        return (
            self._outputs.bucket == self._originals.bucket
            and match_key(self._recipe.keys.originals, key) is not None
        )

    def _sweep_uploads(self, run: Run, waiting: Waiting) -> None:
        is_complete = False
        with run.guarding({"bucket": self._originals.bucket}):
            for upload in self._originals.list(self._recipe.keys.originals_prefix):
                run.check_time()
                with run.guarding({"key": upload.key}):
                    self._sweep_upload(run, upload, waiting)
            is_complete = True
        for item_key in waiting.values() if is_complete else ():
            run.check_time()
            with run.guarding({"record": item_key}):
                item = self._records.read(item_key)
                if find(item, self._pending, run.started) is Finding.PENDING:
                    self._claims.expire(run, item_key)

    def _sweep_upload(self, run: Run, upload: Upload, waiting: Waiting) -> None:
        is_recent = upload.modified >= run.started - UPLOAD_AGE
        if not is_recent and not waiting:
            return
        route = route_of(upload.key, self._recipe)
        item_key = key_of_original(upload.key, self._recipe)
        if route is None or item_key is None:
            return
        is_waited_for = waiting.pop(frozenset(item_key.items()), None) is not None
        if not (is_recent or is_waited_for) or run.is_waiting(route, upload.modified):
            return
        # What was there before the route is for a backfill to send.
        begins = run.intakes[route].created
        if not begins <= upload.modified <= run.started - EVENT_PATIENCE:
            return
        if (upload.key, upload.etag) in run.known:
            return
        if not self._is_missed(upload, self._records.read(item_key)):
            return
        head = self._originals.head(upload.key)
        if head is not None and head.etag == upload.etag:
            self._claims.take_up(
                run,
                item_key,
                self._originals.bucket,
                upload.key,
                head,
                partial(self._is_still, upload.key, head),
            )

    def _is_missed(self, upload: Upload, item: Mapping[str, Any]) -> bool:
        """Whether no claim was ever made for an upload."""
        if "pipeline" not in item:
            return True
        pipeline = item["pipeline"]
        if not is_ours(pipeline) or pipeline.get("isJob"):
            return False
        if "key" not in pipeline:
            return bool(pipeline.get("outcome", {}).get("code") == "upload_missing")
        if (pipeline["key"], pipeline.get("bucket")) == (upload.key, self._originals.bucket):
            return bool(pipeline.get("etag", upload.etag) != upload.etag)
        # Of two uploads for one record, the later one is meant.
        last = self._last_seen(pipeline)
        return last is not None and last < upload.modified

    def _last_seen(self, pipeline: Mapping[str, Any]) -> datetime | None:
        """The time of the upload that a record tells of, else when the record ended."""
        is_here = (
            pipeline.get("bucket") == self._originals.bucket
            and match_key(self._recipe.keys.originals, pipeline["key"]) is not None
        )
        head = self._originals.head(pipeline["key"]) if is_here else None
        if head is not None:
            return head.modified
        return parse_time(pipeline["endedAt"]) if "endedAt" in pipeline else None

    def _is_still(self, key: str, head: object) -> bool:
        return self._originals.head(key) == head
