"""A bucket, a table, a route and its workers, of which a schedule moves one step at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import current_thread
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from aws_names import BUCKET, REGION
from proof import aws
from proof.aws import ACCOUNT, DEAD_LETTERS, QUEUE, URL, Clock
from proof.figures import Figures
from proof.gates import KILLS, Call, Fate, Gate, Worker
from proof.invocations import FUNCTIONS, Context, Executor, handler_of
from proof.promises import ViolationError, Witness
from proof.uploads import Upload, Uploads

TIMEOUT = timedelta(seconds=120)
SWEEP_TIMEOUT = timedelta(seconds=900)

MOST_SWEEPS = 8
"""Five attempts, and some that were disturbed."""


class World:
    """One schedule's AWS. `kind` is of the originals: `images` or `videos`."""

    def __init__(
        self, clock: Clock, figures: Figures, kind: str, *, versioned: bool, lazy: bool
    ) -> None:
        self.clock = clock
        self.figures = figures
        self.kind = kind
        self.workers: list[Worker] = []
        self.outages: dict[str, tuple[Fate, int]] = {}
        self.fates: dict[int, Fate] = {}
        self.had_two_workers = False
        self.needs_sweep = False
        """Whether somebody was killed, or a sweep may have been interrupted."""
        self.calls = 0
        self._requests = 0
        self._violation: ViolationError | None = None
        figures.schedules += 1
        aws.deploy(kind)
        Executor.is_lazy = lazy
        aws.stand(Gate(self._carry_out, self._passed, self._met))
        aws.reset(versioned)
        self.uploads = Uploads(kind, versioned)
        self.witness = Witness(self.uploads)

    # What an uploader, S3 and EventBridge do.

    def upload(self, medium: int, content: str) -> Upload:
        return self.uploads.put(medium, content)

    def deliver(self, upload: Upload) -> None:
        """One of an upload's events reaches the queue."""
        boto3.client("sqs").send_message(QueueUrl=URL, MessageBody=upload.event)
        upload.deliveries += 1

    # What Lambda does.

    def poll(self, skew: timedelta) -> Worker | None:
        """Invoke the function for a message, if one is to be had."""
        sqs = boto3.client("sqs")
        found = sqs.receive_message(
            QueueUrl=URL, MaxNumberOfMessages=1, MessageSystemAttributeNames=["All"]
        ).get("Messages")
        if not found:
            return None
        [message] = found
        event = {
            "Records": [
                {
                    "eventSource": "aws:sqs",
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}",
                    "attributes": message["Attributes"],
                    "body": message["Body"],
                }
            ]
        }

        def ended(worker: Worker) -> None:
            if worker.error is None and worker.answer == {"batchItemFailures": []}:
                sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])

        handler = FUNCTIONS[self.kind]
        receives = int(message["Attributes"]["ApproximateReceiveCount"])
        return self._invoke(handler, event, ended, TIMEOUT, skew, "function", receives)

    def ask(self, upload: Upload, skew: timedelta, *, retry: bool) -> Worker:
        """Invoke the function directly for what an upload's key holds now."""
        if retry:
            self.witness.retries[upload.key] += 1
        self.witness.asked.add(upload.key)
        payload = {"s3_bucket": BUCKET, "s3_key": upload.key, "job_id": "asked", "retry": retry}
        handler = FUNCTIONS[self.kind]
        return self._invoke(handler, payload, lambda _: None, TIMEOUT, skew, "function")

    def sweep(self, skew: timedelta) -> Worker:
        """Invoke the sweep, as the schedule does."""
        return self._invoke("sweep", {}, lambda _: None, SWEEP_TIMEOUT, skew, "sweep")

    def _invoke(
        self,
        module: str,
        event: dict[str, Any],
        settle: Callable[[Worker], None],
        timeout: timedelta,
        skew: timedelta,
        kind: str,
        receives: int | None = None,
    ) -> Worker:
        self._requests += 1
        self.needs_sweep |= kind == "sweep"
        deadline = self.clock.now + timeout
        context = Context(
            f"request-{self._requests}",
            lambda: (deadline - self.clock.now).total_seconds(),
        )
        handler = handler_of(module)

        def ended(worker: Worker) -> None:
            if not worker.is_dead:
                with self.clock.skewed(timedelta()):
                    settle(worker)

        worker = Worker(lambda: handler(event, context), ended, deadline, skew, kind, receives)
        worker.start()
        self.workers.append(worker)
        if sum(each.kind == "function" for each in self.workers) > 1:
            self.had_two_workers = True
        self._step(worker, Fate.PASSED)
        return worker

    def step(self, worker: Worker, fate: Fate = Fate.PASSED) -> None:
        """Let the worker's pending call meet its fate; an outage of the service overrules."""
        call = worker.pending
        assert call is not None
        self.calls += 1
        if fate is Fate.PASSED:
            fate = self.fates.get(self.calls, fate)
        if fate is Fate.PASSED and call.service in self.outages:
            fate, left = self.outages[call.service]
            self.outages[call.service] = (fate, left - 1)
            if left <= 1:
                del self.outages[call.service]
        self._step(worker, fate)

    def _step(self, worker: Worker, fate: Fate) -> None:
        self.needs_sweep |= fate in KILLS
        with self.clock.skewed(worker.skew):
            worker.step(fate)
        if worker.pending is None:
            worker.join()
            self.workers.remove(worker)
        if self._violation:
            violation, self._violation = self._violation, None
            self.count(violation)
            raise violation

    def finish(self, worker: Worker) -> None:
        while worker in self.workers:
            self.step(worker)

    def advance(self, by: timedelta) -> None:
        """Time goes by; whoever has none left is stopped by Lambda."""
        self.clock.advance(by)
        for worker in [each for each in self.workers if each.deadline <= self.clock.now]:
            self.step(worker, Fate.KILLED_BEFORE)

    # What is between a worker and moto.

    def _carry_out(self, event_name: str, request: AWSPreparedRequest) -> AWSResponse:
        with self.clock.skewed(timedelta()):
            return aws.carry_out(event_name, request)

    def _passed(self, call: Call, response: AWSResponse) -> None:
        with self.clock.skewed(timedelta()):
            worker = current_thread()
            assert isinstance(worker, Worker)
            try:
                self.witness.see(call, response.status_code, worker.kind, worker.receives)
            except ViolationError as violation:
                # The product would catch it.
                self._violation = violation

    def _met(self, call: Call, fate: Fate) -> None:
        self.figures.calls[call.site] += 1
        if fate is not Fate.PASSED:
            self.figures.fates[call.site, fate.value] += 1

    def purge(self) -> None:
        """Every message is gone."""
        self.needs_sweep = True
        boto3.client("sqs").purge_queue(QueueUrl=URL)
        self.witness.purged = True

    # How it all ends.

    def settle(self) -> None:
        """No more faults: everything that is under way arrives, and the sweep runs for some days.

        Raises `ViolationError` for the first promise that is broken.
        """
        self.outages.clear()
        for worker in [*self.workers]:
            self.finish(worker)
        for upload in self.uploads.made:
            if not upload.deliveries and not upload.is_lost:
                self.deliver(upload)
        self.drain()
        self.witness.judge_order()
        if not self.needs_sweep:
            self.witness.judge_unswept()
        self._sweep_until_all_end()
        self.witness.judge_states(is_redriven=False)
        self._redrive()
        self.drain()
        self.sweep_after(timedelta(hours=25))
        if not self.witness.has_seen_all_end():
            self._sweep_until_all_end()
        self.witness.judge_states(is_redriven=True)
        self.witness.judge_objects()
        if left := aws.messages() + aws.messages(DEAD_LETTERS):
            raise ViolationError("message left", f"{left} messages remain")

    def _sweep_until_all_end(self) -> None:
        for _ in range(MOST_SWEEPS):
            self.sweep_after(timedelta(hours=3))
            if self.witness.has_seen_all_end():
                return

    def sweep_after(self, time: timedelta, *, drain: bool = True) -> None:
        """Let time go by, a sweep run, and what it sent be processed."""
        self.advance(time)
        sweep = self.sweep(timedelta())
        self.finish(sweep)
        if sweep.error is not None and not sweep.is_dead:
            raise ViolationError("sweep failed", repr(sweep.error)) from sweep.error
        if drain:
            self.drain()

    def drain(self) -> None:
        """Until the queue is empty: each message gets its function, one after the other."""
        for _ in range(200):
            while worker := self.poll(timedelta()):
                self.finish(worker)
            if not aws.messages():
                return
            self.advance(aws.VISIBILITY + timedelta(seconds=1))
        raise ViolationError("message left", "a message comes back for ever")

    def _redrive(self) -> None:
        """What an operator does after a repair: the dead letters go back to the queue.

        An upload whose record says `retries_exhausted` and that has no dead letter is sent again,
        as the backfill does.
        """
        sqs = boto3.client("sqs")
        dead = URL.replace(QUEUE, DEAD_LETTERS)
        while found := sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sqs.send_message(QueueUrl=URL, MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        for upload in self.witness.exhausted():
            if self.witness.is_beyond_redrive(upload.key):
                sqs.send_message(QueueUrl=URL, MessageBody=upload.event)

    def count(self, violation: ViolationError) -> None:
        """Once, however often it is told of."""
        if not violation.is_counted:
            violation.is_counted = True
            self.figures.violations[violation.kind] += 1

    def close(self) -> None:
        """Let everything settle and count what was broken, if anything."""
        try:
            self.settle()
        except ViolationError as violation:
            self.count(violation)
            raise
        finally:
            self.figures.with_two_workers += self.had_two_workers
            for worker in [*self.workers]:
                self._step(worker, Fate.KILLED_BEFORE)
