"""What AWS calls: events in, answers out, one worker behind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from media_pipeline.deliveries import Queue
from media_pipeline.events import Job, parse_event
from media_pipeline.failures import BadPayloadError, PermanentError, TransientError
from media_pipeline.records import Catalog
from media_pipeline.settings import Settings
from media_pipeline.storage import Originals, Publisher
from media_pipeline.telemetry import logger, metrics
from media_pipeline.worker import (
    BUSY,
    IGNORED,
    SUPERSEDED,
    TAKEN,
    Invocation,
    Kind,
    Outcome,
    Worker,
)

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

CLIENT_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "max_attempts": 4},
    max_pool_connections=20,
)


class BusyError(TransientError):
    """The message comes back, to see whether what another worker began was ended."""


class Handler:
    """Answers SQS with the messages that failed, and any other caller with a status and a body."""

    def __init__(self, worker: Worker, queue: Queue) -> None:
        self._worker = worker
        self._queue = queue

    @classmethod
    def from_environment(cls, kind: Kind) -> Handler:
        """The handler that the function's environment describes."""
        settings = Settings.from_environment(os.environ)
        s3 = boto3.client("s3", config=CLIENT_CONFIG)

        def publisher_of(
            key_of: Callable[[str], str], before_put: Callable[[], None] | None
        ) -> Publisher:
            return Publisher(
                s3, settings.output_bucket, key_of, settings.delivery_domain, before_put
            )

        worker = Worker(
            kind,
            settings.recipe,
            Originals(s3),
            Catalog(boto3.client("dynamodb", config=CLIENT_CONFIG), settings.table),
            publisher_of,
            measure_storage=lambda percent: metrics.add_metric(
                name="DiskUsed", unit=MetricUnit.Percent, value=percent
            ),
        )
        return cls(worker, Queue(CLIENT_CONFIG, settings.max_receives))

    def handle(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Process every job of `event` and answer in the caller's form."""
        with logger.append_context_keys(request_id=context.aws_request_id):
            try:
                if _is_from_sqs(event):
                    return self._answer_queue(event, context)
                return self._answer_caller(event, context)
            finally:
                if metrics.metric_set:
                    metrics.flush_metrics()

    def _answer_queue(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        invocation = _invocation(context)

        def process_message(record: SQSRecord) -> None:
            is_last_try = self._queue.is_last_receive(record)
            is_upload = False
            outcomes = []
            try:
                for job in parse_event({"Records": [record.raw_event]}, context.aws_request_id):
                    is_upload = job.job_id is None
                    if self._queue.is_first_receive(record):
                        _count("Uploads")
                    outcomes.append(self._run(job, replace(invocation, is_last_try=is_last_try)))
            except BadPayloadError:
                logger.exception("The message cannot become a job")
                _count("BadPayload")
                # It would be as bad the next time; but no upload may vanish without a dead letter.
                if is_upload:
                    self._queue.postpone(record)
                    raise
            except Exception:
                self._queue.postpone(record)
                raise
            if BUSY in outcomes and not is_last_try:
                # Whoever is at it may have no other message that would bring the upload back.
                self._queue.postpone(record, is_busy=True)
                raise BusyError("another worker is at it")

        return process_partial_response(  # type: ignore[return-value]
            event=event,
            record_handler=process_message,
            processor=BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False),
            context=context,
        )

    def _answer_caller(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        # Nothing brings a caller's job back, so that its record must not be left waiting.
        invocation = replace(_invocation(context), is_last_try=True)
        job_id = event.get("job_id") if isinstance(event, Mapping) else None
        try:
            jobs = parse_event(event, context.aws_request_id)
            outcomes = [self._run(job, invocation) for job in jobs]
        except BadPayloadError as error:
            _count("BadPayload")
            if isinstance(event, Mapping):
                self._record_refusal(event, context.aws_request_id, error)
            return _answer(HTTPStatus.BAD_REQUEST, {"error": error.sentence, "job_id": job_id})
        for outcome in outcomes:
            if outcome.error is not None:
                problem = {
                    "error": outcome.error.sentence,
                    "code": outcome.error.code,
                    "job_id": job_id,
                }
                return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, problem)
            if outcome in REFUSALS:
                status, sentence = REFUSALS[outcome]
                return _answer(status, {"error": sentence, "job_id": job_id})
        names = ", ".join(outcome.name.lower() for outcome in outcomes) or "nothing to do"
        counts = [o.segments_created for o in outcomes if o.segments_created is not None]
        counted = {"segments_created": sum(counts)} if counts else {}
        return _answer(HTTPStatus.OK, {"message": names, "job_id": job_id, **counted})

    def _record_refusal(
        self, payload: Mapping[str, Any], holder: str, error: BadPayloadError
    ) -> None:
        try:
            self._worker.refuse(payload, holder, error)
        except (BotoCoreError, ClientError, TransientError, BadPayloadError):
            # The caller is answered all the same.
            logger.exception("The record does not say that the payload was refused")

    def _run(self, job: Job, invocation: Invocation) -> Outcome:
        with logger.append_context_keys(bucket=job.bucket, key=job.key, holder=job.holder):
            try:
                outcome = self._worker.run(job, invocation)
            except BadPayloadError:
                raise
            except Exception:
                logger.exception("The job failed, and may succeed when it is tried again")
                _count("TriesFailed")
                if invocation.is_last_try:
                    _count_failure("retries_exhausted")
                raise
            logger.info(outcome.name, extra=_explained(outcome.error) if outcome.error else {})
        _count(outcome.name)
        if outcome.name == "Failed" and outcome.error is not None:
            _count_failure(outcome.error.code)
        return outcome


REFUSALS: dict[Outcome, tuple[HTTPStatus, str]] = {
    BUSY: (HTTPStatus.CONFLICT, "another invocation is processing this upload"),
    SUPERSEDED: (HTTPStatus.CONFLICT, "a newer version of this upload has been seen"),
    TAKEN: (
        HTTPStatus.CONFLICT,
        "the record of this job_id and user_id is a medium's; give the job another job_id",
    ),
    IGNORED: (HTTPStatus.BAD_REQUEST, "s3_key does not fit the recipe's template of originals"),
}


def _invocation(context: LambdaContext) -> Invocation:
    def seconds_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    return Invocation(seconds_left, seconds_had=seconds_left())


def _count(name: str) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def _count_failure(code: str) -> None:
    """In a line of its own, for all metrics of one line have the same dimensions."""
    with single_metric(name="Failures", unit=MetricUnit.Count, value=1) as failure:
        failure.add_dimension(name="code", value=code)


def _explained(error: PermanentError) -> dict[str, object]:
    """What the record says, and beyond it what the libraries below had to say."""
    return {
        "code": error.code,
        "sentence": error.sentence,
        "cause": repr(error.__cause__),
        "notes": getattr(error, "__notes__", []),
    }


def _is_from_sqs(event: object) -> bool:
    records = event.get("Records") if isinstance(event, Mapping) else None
    return bool(records) and all(
        isinstance(record, Mapping) and record.get("eventSource") == "aws:sqs"
        for record in records or ()
    )


def _answer(status: HTTPStatus, body: Mapping[str, object]) -> dict[str, Any]:
    return {"statusCode": int(status), "body": json.dumps(body)}
