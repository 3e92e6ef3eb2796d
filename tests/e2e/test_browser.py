"""Headless Chromium plays what the deployed module made, on the demo's own page, to its end.

The page comes from the demo's server, and everything that was made from the bucket, as through a
CDN: byte ranges, content types and all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Response, request
from werkzeug.serving import make_server

from browser import Page, opened_browser
from clips import moving_clip
from demo import hls_js
from demo.page import create_app
from demo.report import write_page
from e2e.application import wait_until
from e2e.conftest import BUILD, House

SECONDS = 6.0
RATE = 25
VIDEO = "document.querySelector('video')"
FACTS = f"""(() => {{
    const video = {VIDEO}, shown = video.getVideoPlaybackQuality();
    return {{
        ended: video.ended, error: video.error && video.error.message,
        at: video.currentTime, seconds: video.duration,
        width: video.videoWidth, height: video.videoHeight, frames: shown.totalVideoFrames,
        sound: video.webkitAudioDecodedByteCount,
        played: Array.from(video.played, (_, n) => [video.played.start(n), video.played.end(n)]),
    }};
}})()"""

# A machine that is busy may keep a player waiting; a gap in the stream would show in `played`.
BENIGN = "bufferStalledError"

# Of all that hls.js would fetch ahead, so little that it fetches on while the ladder lands.
AHEAD = ";Hls.DefaultConfig.maxBufferLength = 2; Hls.DefaultConfig.maxMaxBufferLength = 2;"


@pytest.fixture(scope="module")
def player() -> Path:
    return hls_js.fetch(BUILD, print)


@pytest.fixture
def page() -> Iterator[Page]:
    with opened_browser() as page:
        yield page


@contextmanager
def delivered(house: House, folder: Path, player: Path) -> Iterator[str]:
    """Serves the page in `folder`, and what it shows from the bucket, at the URL in the answer."""
    app = create_app(folder, player)

    @app.before_request
    def from_the_bucket() -> Response | None:
        if not request.path.startswith("/renditions/"):
            return None
        bucket, key = house.deployment.bucket, request.path.removeprefix("/")
        if asked := request.headers.get("Range"):
            made = house.s3.get_object(Bucket=bucket, Key=key, Range=asked)
        else:
            made = house.s3.get_object(Bucket=bucket, Key=key)
        answer = made["ResponseMetadata"]
        headers = answer["HTTPHeaders"]
        names = ("content-type", "content-range", "accept-ranges", "cache-control", "etag")
        kept = {name: headers[name] for name in names if name in headers}
        return Response(made["Body"].read(), answer["HTTPStatusCode"], kept)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.port}/"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def assert_played(page: Page, record: Mapping[str, Any]) -> None:
    """It was seen and heard from its beginning to its end, and nobody complained."""
    page.wait_until(f"{VIDEO}.ended || {VIDEO}.error !== null")
    assert [one for one in page.complaints if BENIGN not in one] == []
    facts = page.evaluate(FACTS)
    assert facts["error"] is None
    assert facts["ended"]
    seconds = float(record["durationSeconds"])
    assert facts["seconds"] == pytest.approx(seconds, abs=0.05)
    assert facts["at"] == pytest.approx(seconds, abs=0.05)
    [(start, end)] = facts["played"]
    assert (start, end) == pytest.approx((0.0, seconds), abs=0.05)
    rungs = [(rung["width"], rung["height"]) for rung in record["stream"]["rungs"]]
    assert (facts["width"], facts["height"]) in rungs
    # A busy machine leaves frames out.
    assert 0.8 * seconds * RATE <= facts["frames"] <= 1.5 * seconds * RATE
    assert facts["sound"] > 0


def media_answers(page: Page) -> list[tuple[str, int, str]]:
    """What was fetched of the stream: its suffix, the status and the content type."""
    return [
        (Path(url).suffix, status, content_type)
        for url, status, content_type in page.answers
        if "/hls/" in url
    ]


@pytest.fixture(scope="module")
def byte_ranges(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return made_of_clip(house, tmp_path_factory.mktemp("clips"), "ranges")


@pytest.fixture(scope="module")
def objects(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same, by a recipe that has segments as objects of their own."""
    lambdas, name = house.deployment.lambdas, house.deployment.functions["videos"]
    variables = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    recipe = json.loads(variables.get("MEDIA_RECIPE") or "{}")
    recipe["videos"] = {**recipe.get("videos", {}), "segments": "objects"}
    changed = {**variables, "MEDIA_RECIPE": json.dumps(recipe)}
    lambdas.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    try:
        return made_of_clip(house, tmp_path_factory.mktemp("clips"), "objects")
    finally:
        lambdas.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )


def made_of_clip(house: House, folder: Path, name: str) -> dict[str, Any]:
    clip = moving_clip(folder / "clip.mp4", size=(854, 480), rate=str(RATE), seconds=SECONDS)
    house.upload(f"originals/gallery-7/seen-{name}/clip.mp4", clip.read_bytes())
    record = house.finished(f"seen-{name}")
    assert record["status"] == "completed", record
    return record


@pytest.mark.parametrize("layout", ["byte_ranges", "objects"])
@pytest.mark.parametrize("query", ["", "?player=hls.js"])
def test_chromium_plays_the_demos_page_to_the_end(
    query: str,
    layout: str,
    house: House,
    page: Page,
    player: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    record = request.getfixturevalue(layout)
    write_page(tmp_path, {"clip": record})
    with delivered(house, tmp_path, player) as url:
        page.open(f"{url}{query}")
        if query:
            said = page.evaluate("document.querySelector('.player').textContent")
            assert "hls.js" in said
        page.evaluate(f"{VIDEO}.play()")
        assert_played(page, record)
    answers = media_answers(page)
    assert {status for _, status, _ in answers} <= {200, 206}
    suffix = {"byte_ranges": ".mp4", "objects": ".m4s"}[layout]
    fetched = [status for ending, status, _ in answers if ending == suffix]
    assert fetched
    if layout == "byte_ranges":
        assert set(fetched) == {206}
    types = {content_type for ending, _, content_type in answers if ending == ".m3u8"}
    assert types == {"application/vnd.apple.mpegurl"}


def test_a_player_that_began_with_the_first_stream_finishes_while_the_ladder_lands(
    house: House, page: Page, player: Path, tmp_path: Path
) -> None:
    """It plays a third, waits until the record has the ladder, and fetches and plays the rest."""
    closed = ("-preset", "veryfast", "-flags", "+cgop", "-g", "50", "-sc_threshold", "0")
    stereo = ("-maxrate", "3M", "-bufsize", "3M", "-ac", "2", "-ar", "48000")
    options = (*closed, "-bf", "2", "-b:v", "2M", *stereo)
    clip = moving_clip(
        tmp_path / "clip.mp4", size=(1280, 720), rate=str(RATE), seconds=12.0, options=options
    )
    house.upload("originals/gallery-7/early/clip.mp4", clip.read_bytes())
    wait_until(lambda: "stream" in house.record("early"))
    first = house.record("early")
    assert (first["status"], first["stream"]["stage"]) == ("processing", "first"), first
    write_page(tmp_path, {"clip": first})
    impatient = tmp_path / "hls.min.js"
    impatient.write_bytes(player.read_bytes() + AHEAD.encode())
    with delivered(house, tmp_path, impatient) as url:
        page.open(f"{url}?player=hls.js")
        page.evaluate(f"{VIDEO}.play()")
        page.wait_until(f"{VIDEO}.currentTime > 4")
        page.evaluate(f"{VIDEO}.pause()")
        record = house.finished("early")
        assert (record["status"], record["stream"]["stage"]) == ("completed", "complete"), record
        before = len(media_answers(page))
        page.evaluate(f"{VIDEO}.play()")
        assert_played(page, {**record, "stream": first["stream"]})
    assert len(media_answers(page)) > before, "it had fetched everything before"
    assert len(record["stream"]["rungs"]) > len(first["stream"]["rungs"])
    assert record["stream"]["key"] != first["stream"]["key"]
