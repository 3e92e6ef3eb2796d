"""The Lambda that turns an uploaded video into a stream, downloads, pictures and a record."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

import publishing
from cutting.job import cut
from cutting.options import parse_request
from cutting.texts import BedrockVariations
from media_pipeline.handler import Handler
from media_pipeline.worker import CuttingKind, Kind, Task
from transcoding.transcoder import Demands, transcode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext


def process(task: Task) -> dict[str, Any]:
    """Put everything that plays before the playlist that names it, and answer the attributes."""
    made_in = task.folder / "made"
    made_in.mkdir()
    streams = publishing.StreamPublisher(task)
    demands = Demands(streams.publish_first, task.report, task.reserve)
    started = time.monotonic()
    made = transcode(task.source, made_in, task.recipe.videos, task.seconds_left, demands)
    transcoded = time.monotonic()
    pictures = publishing.publish_poster(task, made.poster)
    if made.storyboard:
        pictures["storyboard"] = publishing.publish_storyboard(task, made.storyboard)
    pictured = time.monotonic()
    stream = streams.publish_complete(made.stream)
    if made.passed_through:
        stream["passedThrough"] = made.passed_through
    return {
        "original": task.locate_original(),
        **publishing.facts(made),
        **pictures,
        **({"warnings": list(made.warnings)} if made.warnings else {}),
        "stream": stream,
        "downloads": publishing.publish_downloads(task, made),
        "timings": {
            "transcode": transcoded - started,
            "pictures": pictured - transcoded,
        },
    }


def process_cutting(task: Task, request: Mapping[str, Any]) -> dict[str, Any]:
    """Put the segments that a payload asks for, and answer the attributes of its record."""
    made_in = task.folder / "made"
    made_in.mkdir()
    videos = task.recipe.videos
    model = videos.cuts.model
    made = cut(
        task.source,
        made_in,
        parse_request(request).seeded(str(task.job.job_id)),
        videos,
        vary=BedrockVariations(model) if model else None,
        report=task.report,
        reserve=task.reserve,
        seconds_left=task.seconds_left,
    )
    return publishing.publish_segments(task, made)


VIDEO = Kind(
    "video",
    process,
    lambda recipe: recipe.videos.limits.bytes,
    CuttingKind(parse_request, process_cutting),
)


@cache
def _handler() -> Handler:
    return Handler.from_environment(VIDEO)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point: S3 events by way of a queue, or a job payload by direct invocation."""
    return _handler().handle(event, context)
