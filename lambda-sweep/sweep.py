"""The Lambda that finds what got stuck or was left over, and sees to it."""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from botocore.config import Config

from media_pipeline.telemetry import logger, metrics
from sweeping.counts import Count
from sweeping.settings import SweepSettings
from sweeping.sweeper import Sweeper

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

CLIENT_CONFIG = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "max_attempts": 3},
)


@cache
def _sweeper() -> Sweeper:
    return Sweeper(
        SweepSettings.from_environment(os.environ),
        boto3.client("s3", config=CLIENT_CONFIG),
        boto3.client("dynamodb", config=CLIENT_CONFIG),
        boto3.client("sqs", config=CLIENT_CONFIG),
    )


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Entry point, on a schedule: nothing in `event` is read. Answers how many of each `Count`.

    Raises `SweepError` after a sweep in which something went wrong, so that the function's errors
    tell of it.
    """
    del event
    counts: Counter[Count] = Counter()
    with logger.append_context_keys(request_id=context.aws_request_id):
        try:
            _sweeper().sweep(
                counts,
                holder=f"sweep {context.aws_request_id}",
                seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
            )
        finally:
            for count in Count:
                metrics.add_metric(name=count, unit=MetricUnit.Count, value=counts[count])
            metrics.flush_metrics()
    return {count.value: counts[count] for count in Count}
