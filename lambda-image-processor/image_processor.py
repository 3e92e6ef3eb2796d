"""The Lambda that turns an uploaded photo into renditions, a placeholder and a record."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from media_pipeline.handler import Handler
from media_pipeline.worker import Kind, Task
from photos.photo import render_photo

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def process(task: Task) -> dict[str, Any]:
    """Put every rendition of a photo; the answer is its record's canonical attributes."""
    described = render_photo(
        task.source,
        task.recipe.images,
        task.publisher.put,
        task.publisher.read,
        task.seconds_left,
    )
    return {"original": task.locate_original(), **described}


IMAGE = Kind("image", process, lambda recipe: recipe.images.limits.bytes)


@cache
def _handler() -> Handler:
    return Handler.from_environment(IMAGE)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point: S3 events by way of a queue, or a job payload by direct invocation."""
    return _handler().handle(event, context)
