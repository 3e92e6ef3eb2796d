"""What it costs to process so many objects of so many bytes, about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backfilling.deployed import Deployed, Function
from media_pipeline.recipe import Recipe
from media_pipeline.stills import Stills

# List prices of us-east-1 in US dollars as AWS has published them since 1 November 2024, when
# DynamoDB's on-demand prices were halved; without free tiers and taxes.
# https://aws.amazon.com/lambda/pricing/, /s3/pricing/, /dynamodb/pricing/, /sqs/pricing/
GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
INVOCATION = 0.20 / 1e6
S3_WRITE = 0.005 / 1e3
S3_READ = 0.0004 / 1e3
DYNAMODB_WRITE = 0.625 / 1e6
DYNAMODB_READ = 0.125 / 1e6
SQS_REQUEST = 0.40 / 1e6

MEGABYTE = 1e6

DEFAULT_MEMORY_MB = {"images": 1769, "videos": 3008}
DEFAULT_ARCHITECTURE = "x86_64"

# Of the default recipe with the default memory. docs/benchmarks.md has 0.65 s of CPU, so of a whole
# processor, for a photo of 12 megapixels, about 4 MB; asking AWS takes the rest. And 36.4 s of CPU
# for 20 s of 1080p, of which 3008 MB give 1.7 a second. How long a megabyte lasts is the camera's
# choice: at 16 Mbit/s half a second, at 2 Mbit/s four.
SECONDS_PER_OBJECT = {"images": 0.4, "videos": 3.0}
PHOTO_SECONDS_PER_MB = 0.12
SECONDS_PER_VIDEO_SECOND = 1.1
VIDEO_SECONDS_PER_MB = (0.5, 4.0)

# Units of 1 KB: the claim, and a record of 5 to 10 KB; a video's is written with each progress too.
RECORD_WRITES = {"images": 8, "videos": 60}
RECORD_READS = 2
OBJECT_READS = 3
QUEUE_REQUESTS = 3


@dataclass(frozen=True)
class Work:
    """Objects and their bytes."""

    objects: int = 0
    size: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(self.objects + other.objects, self.size + other.size)


@dataclass(frozen=True)
class Dollars:
    """From `low` to `high`."""

    low: float
    high: float

    def __str__(self) -> str:
        low, high = _said(self.low), _said(self.high)
        return low if low == high else f"{low} to {high}"


def _said(dollars: float) -> str:
    return "less than $0.01" if 0 < dollars < 0.01 else f"${dollars:,.2f}"


def estimate(
    work: Mapping[str, Work], deployed: Deployed, seconds_per_mb: Mapping[str, float]
) -> dict[str, Dollars]:
    """By route, what Lambda, S3, DynamoDB and SQS together take for it.

    `seconds_per_mb` is what somebody has measured of a route's function, as it is deployed; of the
    others the constants above are taken, which of videos make a range.
    """
    return {
        route: Dollars(*_costs(route, of_route, deployed, seconds_per_mb.get(route)))
        for route, of_route in work.items()
    }


def _costs(
    route: str, work: Work, deployed: Deployed, measured: float | None
) -> tuple[float, float]:
    function = deployed.functions.get(route, Function())
    default = DEFAULT_MEMORY_MB[route]
    memory = function.memory_mb or default
    megabytes = work.size / MEGABYTE

    def cost(assumed: float, video_seconds: float) -> float:
        # Lambda gives processors by memory: half of it takes twice as long, and costs the same.
        scale = default / memory
        per_mb = assumed * scale if measured is None else measured
        seconds = work.objects * SECONDS_PER_OBJECT[route] * scale + megabytes * per_mb
        files: float = work.objects * _files(route, deployed.recipe)
        if route == "videos":
            files += megabytes * video_seconds * _files_per_second(deployed.recipe)
        return (
            seconds * memory / 1024 * GB_SECOND[function.architecture or DEFAULT_ARCHITECTURE]
            + files * S3_WRITE
            + work.objects * _fixed(route)
        )

    if route == "images":
        low = high = cost(PHOTO_SECONDS_PER_MB, 0)
    else:
        low, high = (cost(each * SECONDS_PER_VIDEO_SECOND, each) for each in VIDEO_SECONDS_PER_MB)
    return low, high


def _fixed(route: str) -> float:
    """What an object costs apart from time and files."""
    return (
        INVOCATION
        + OBJECT_READS * S3_READ
        + RECORD_WRITES[route] * DYNAMODB_WRITE
        + RECORD_READS * DYNAMODB_READ
        + QUEUE_REQUESTS * SQS_REQUEST
    )


def _files(route: str, recipe: Recipe) -> int:
    """How many files the recipe makes of one original, whatever its length."""
    if route == "images":
        return _stills(recipe.images)
    videos = recipe.videos
    # A rung has two playlists, the audio one; beside them a master, and a stream of its own that is
    # seen first; the storyboard is a track and a sheet or two.
    stream = 3 * len(videos.ladder) + 2 * videos.audio.tracks + 1 + int(videos.dash)
    first = 4 if videos.first_publish else 0
    board = 3 if videos.storyboard.seconds else 0
    copied = int(videos.original == "copied")
    return stream + first + board + copied + len(videos.downloads) + _stills(videos.poster)


def _files_per_second(recipe: Recipe) -> float:
    """Of a stream whose segments are objects of their own."""
    videos = recipe.videos
    if videos.segments != "objects":
        return 0.0
    return (len(videos.ladder) + videos.audio.tracks) / videos.segment_seconds


def _stills(stills: Stills) -> int:
    return sum(len(rendition.formats) for rendition in stills.renditions.values())


def assumptions(deployed: Deployed, seconds_per_mb: Mapping[str, float]) -> Iterator[str]:
    """A line of what the estimate takes for granted, for each route that has a queue."""
    for route in deployed.queues:
        function = deployed.functions.get(route, Function())
        memory = function.memory_mb or DEFAULT_MEMORY_MB[route]
        scale = DEFAULT_MEMORY_MB[route] / memory
        per_mb = {
            "images": f"{PHOTO_SECONDS_PER_MB * scale:.2g} s",
            "videos": " to ".join(
                f"{each * SECONDS_PER_VIDEO_SECOND * scale:.2g} s" for each in VIDEO_SECONDS_PER_MB
            ),
        }[route]
        if route in seconds_per_mb:
            per_mb = f"{seconds_per_mb[route]:g} s"
        yield (
            f"{route}: {SECONDS_PER_OBJECT[route] * scale:.2g} s each and {per_mb} per MB with "
            f"{memory:,} MB of {function.architecture or DEFAULT_ARCHITECTURE}"
        )
