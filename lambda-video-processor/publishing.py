"""Streams, downloads and pictures of a video into the bucket, and what its record says of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from PIL import Image

from imaging.picture import Picture
from imaging.render import render
from transcoding.probe import CONTENT_TYPES

if TYPE_CHECKING:
    from pathlib import Path

    from cutting.job import CutResult
    from media_pipeline.storage import Body, Located
    from media_pipeline.worker import Task
    from packager import File, Stream, StreamRung, StreamSound
    from transcoding.transcoder import Download, Storyboard, Transcoded


class StreamPublisher:
    """Writes streams; what two of them share is written once."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._located: dict[str, Located] = {}
        self._first: Located | None = None

    def publish_first(self, stream: Stream) -> None:
        """Makes the stream playable, and says so in the record, while the ladder is being made."""
        self._task.publish_early({"stream": {**self.publish(stream), "stage": "first"}})
        self._first = self._located[stream.files[-1].name]

    def publish_complete(self, stream: Stream) -> dict[str, Any]:
        """The whole stream; the playlist of the first one stays, for whoever began with that."""
        published = {**self.publish(stream), "stage": "complete"}
        return {**published, "first": self._first} if self._first else published

    def publish(self, stream: Stream) -> dict[str, Any]:
        """Everything that plays, then the playlist that names it; the record's `stream`."""
        *media, master = stream.files
        for file in media:
            self._put(file)
        self._task.publisher.wait()
        described = {
            "type": "hls",
            **self._put(master),
            "rungs": [self._rung(rung) for rung in stream.rungs],
            "audio": self._sound(stream.sounds[0]) if stream.sounds else None,
        }
        if len(stream.sounds) > 1:
            described["audioTracks"] = [self._sound(sound) for sound in stream.sounds]
        if stream.manifest:
            described["dash"] = self._located[stream.manifest]
        return described

    def _put(self, file: File) -> Located:
        if file.name not in self._located:
            content = file.content
            body: Body = content.encode() if isinstance(content, str) else content
            located = self._task.publisher.put(file.name, body, file.content_type)
            self._located[file.name] = located
        return self._located[file.name]

    def _rung(self, rung: StreamRung) -> dict[str, Any]:
        return {
            "name": rung.name,
            "width": rung.width,
            "height": rung.height,
            "frameRate": rung.frame_rate,
            "bandwidth": rung.bandwidth,
            "averageBandwidth": rung.average_bandwidth,
            "codecs": rung.codecs,
            **self._located[rung.playlist],
            "bytes": rung.bytes,
        }

    def _sound(self, sound: StreamSound) -> dict[str, Any]:
        return {
            "name": sound.name,
            "language": sound.language,
            "channels": sound.channels,
            "bandwidth": sound.bandwidth,
            "averageBandwidth": sound.average_bandwidth,
            "codecs": sound.codecs,
            **self._located[sound.playlist],
            "bytes": sound.bytes,
        }


def publish_downloads(task: Task, made: Transcoded) -> list[dict[str, Any]]:
    """The rungs to download, and the original among them as the recipe says."""
    seconds = made.stream.seconds
    downloads = [_publish_download(task, download, seconds) for download in made.downloads]
    original = task.recipe.videos.original
    if original == "left_out":
        return downloads
    picture = made.probe.picture
    located = task.locate_original() if original == "listed" else _copy_original(task, made)
    size = picture.width, picture.height
    return [*downloads, _describe_download("original", size, seconds, located)]


def _copy_original(task: Task, made: Transcoded) -> Located:
    return task.copy_original("downloads", CONTENT_TYPES[made.probe.container])


def _publish_download(task: Task, download: Download, seconds: float) -> dict[str, Any]:
    name = PurePosixPath(download.name).stem
    stem = PurePosixPath(task.job.key).stem
    located = task.publisher.put(
        download.name, download.path, "video/mp4", download_name=f"{stem}-{name}.mp4"
    )
    return _describe_download(name, (download.width, download.height), seconds, located)


def _describe_download(
    name: str, size: tuple[int, int], seconds: float, located: Located
) -> dict[str, Any]:
    return {
        "name": name,
        "width": size[0],
        "height": size[1],
        "averageBandwidth": round(int(located["bytes"]) * 8 / seconds),
        **located,
    }


def publish_poster(task: Task, frame: Path) -> dict[str, Any]:
    """The poster's renditions and placeholders, and the largest of them as `poster`."""
    with Image.open(frame, formats=["JPEG"]) as image:
        picture = Picture(image.convert("RGB"), image.size)
    poster = task.recipe.videos.poster
    put, read = task.publisher.put, task.publisher.read
    attributes, _ = render(picture, poster, put, read, task.seconds_left)
    largest = max(attributes["renditions"], key=lambda rendition: rendition["width"])
    file = next(iter(largest["formats"].values()))
    shown = {"width": largest["width"], "height": largest["height"], **file}
    return {**attributes, "poster": shown}


def publish_storyboard(task: Task, storyboard: Storyboard) -> dict[str, Any]:
    """The sheets, then the track that names them."""
    for sheet in storyboard.sheets:
        task.publisher.put(f"storyboard/{sheet.name}", sheet, "image/jpeg")
    track = storyboard.track.encode()
    located = task.publisher.put("storyboard/storyboard.vtt", track, "text/vtt")
    return {**located, "sheets": len(storyboard.sheets)}


def publish_segments(task: Task, made: CutResult) -> dict[str, Any]:
    """The pieces of a cutting job; what its record says of them, in their order."""
    return {
        "outputs": [
            task.publisher.put(segment.path.name, segment.path, "video/mp4")
            for segment in made.segments
        ],
        "width": made.width,
        "height": made.height,
        "durationSeconds": float(sum(segment.seconds for segment in made.segments)),
        **({"warnings": list(made.warnings)} if made.warnings else {}),
    }


def facts(made: Transcoded) -> dict[str, Any]:
    """What the record says of the video itself."""
    picture, sound = made.probe.picture, made.probe.sound
    return {
        "contentType": CONTENT_TYPES[made.probe.container],
        "width": picture.width,
        "height": picture.height,
        "durationSeconds": made.stream.seconds,
        "metadata": _without_none(
            {
                "videoCodec": picture.codec,
                "frameRate": float(picture.mean_rate),
                "rotation": picture.rotation,
                "videoBitRate": picture.bitrate,
                "hdr": picture.hdr or None,
                "audioCodec": sound.codec if sound else None,
                "audioChannels": sound.channels if sound else None,
                "audioTracks": len(made.probe.sounds),
                "loudness": made.loudness,
                "notCopied": list(made.not_copied) or None,
                "bitRate": made.probe.bitrate,
            }
        ),
    }


def _without_none(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
