"""The Lambda that turns an uploaded video into a stream, a download, pictures and a record."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from imaging.picture import Picture
from imaging.render import render
from media_pipeline.handler import Handler
from media_pipeline.worker import Kind, Task
from transcoding.transcoder import Transcoded, transcode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from media_pipeline.storage import Body, Located
    from packager import File, Stream

CONTENT_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime"}


def process(task: Task) -> dict[str, Any]:
    """Put everything that plays before the playlist that names it, and answer the attributes."""
    videos = task.recipe.videos
    made_in = task.folder / "made"
    made_in.mkdir()
    started = time.monotonic()
    made = transcode(task.source, made_in, videos, task.seconds_left)
    transcoded = time.monotonic()
    pictures = _put_poster(task, made.poster)
    pictured = time.monotonic()
    stream = _publish_stream(task, made.stream)
    downloads = [
        {
            "name": download.name.rpartition("/")[2].removesuffix(".mp4"),
            "width": download.width,
            "height": download.height,
            **task.publisher.put(download.name, download.path, "video/mp4"),
        }
        for download in made.downloads
    ]
    return {
        **_facts(made),
        **pictures,
        "poster": _largest(pictures["renditions"]),
        "stream": stream,
        "downloads": downloads,
        "timings": {
            "transcode": transcoded - started,
            "pictures": pictured - transcoded,
        },
    }


def _put_poster(task: Task, frame: Path) -> dict[str, Any]:
    with Image.open(frame, formats=["PNG"]) as image:
        picture = Picture(image.convert("RGB"), image.size)
    poster = task.recipe.videos.poster
    put, read = task.publisher.put, task.publisher.read
    attributes, _ = render(picture, poster, put, read, task.seconds_left)
    return attributes


def _facts(made: Transcoded) -> dict[str, Any]:
    picture, sound = made.probe.picture, made.probe.sound
    return {
        "contentType": CONTENT_TYPES[made.probe.container],
        "width": picture.width,
        "height": picture.height,
        "durationSeconds": made.stream.seconds,
        "metadata": {
            "videoCodec": picture.codec,
            "frameRate": float(picture.mean_rate),
            "rotation": picture.rotation,
            "audioCodec": sound.codec if sound else None,
            "audioChannels": sound.channels if sound else None,
            "bitRate": made.probe.bitrate,
        },
    }


def _publish_stream(task: Task, stream: Stream) -> dict[str, Any]:
    *media, master = stream.files
    located = {file.name: task.publisher.put(*_object(file)) for file in media}
    task.publisher.wait()
    return {
        "type": "hls",
        **task.publisher.put(*_object(master)),
        "rungs": [
            {
                "name": rung.name,
                "width": rung.width,
                "height": rung.height,
                "frameRate": rung.frame_rate,
                "bandwidth": rung.bandwidth,
                "averageBandwidth": rung.average_bandwidth,
                "codecs": rung.codecs,
                **located[rung.playlist],
                "bytes": rung.bytes,
            }
            for rung in stream.rungs
        ],
        "audio": _audio(stream, located),
    }


def _audio(stream: Stream, located: Mapping[str, Located]) -> dict[str, Any] | None:
    """The sound that all rungs share; None for a silent video."""
    sound = stream.sound
    if sound is None:
        return None
    return {
        "channels": sound.channels,
        "bandwidth": sound.bandwidth,
        "averageBandwidth": sound.average_bandwidth,
        "codecs": sound.codecs,
        **located[sound.playlist],
        "bytes": sound.bytes,
    }


def _object(file: File) -> tuple[str, Body, str]:
    """A file of the stream as the publisher takes it."""
    content = file.content
    body = content.encode() if isinstance(content, str) else content
    return file.name, body, file.content_type


def _largest(renditions: list[dict[str, Any]]) -> dict[str, Any]:
    """The poster's largest rendition, in the first of its formats."""
    largest = max(renditions, key=lambda rendition: rendition["width"])
    file = next(iter(largest["formats"].values()))
    return {"width": largest["width"], "height": largest["height"], **file}


VIDEO = Kind("video", process, lambda recipe: recipe.videos.limits.bytes)


@cache
def _handler() -> Handler:
    return Handler.from_environment(VIDEO)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point: S3 events by way of a queue, or a job payload by direct invocation."""
    return _handler().handle(event, context)
