"""The demo's page: how it is written, served, and given hls.js."""

from __future__ import annotations

import hashlib
import io
import tarfile
from base64 import b64encode
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo import hls_js, report
from demo.page import create_app

FOLDER = "renditions/g/c/1"


def located(name: str) -> dict[str, Any]:
    return {"name": Path(name).stem, "key": f"{FOLDER}/{name}", "bytes": Decimal(9)}


def page_of(folder: Path, **record: object) -> str:
    whole = {"status": "completed", "stream": located("hls/master.m3u8"), **record}
    return report.write_page(folder, {"clip": whole}).read_text()


def test_the_page_shows_the_pictures_and_nothing_of_what_failed(tmp_path: Path) -> None:
    thumb = {"name": "thumb", "width": Decimal(300), "height": Decimal(200)}
    photo = {"status": "completed", "renditions": [{**thumb, "formats": {"jpg": located("t.jpg")}}]}
    failed = {"status": "failed", "error": {"code": "corrupt_image", "message": "<b>"}}
    text = report.write_page(tmp_path, {"photo-42": photo, "photo-7": failed}).read_text()
    assert f'<img src="{FOLDER}/t.jpg"' in text
    assert "<b>" not in text
    assert "<video controls" not in text


def test_a_stream_is_played_with_a_download_for_browsers_that_cannot(tmp_path: Path) -> None:
    original = {"name": "original", "key": "originals/g/c/clip.mov"}
    downloads = [located("downloads/720p.mp4"), original]
    text = page_of(tmp_path, downloads=downloads, poster=located("thumb.jpg"))
    assert f'data-stream="{FOLDER}/hls/master.m3u8"' in text
    assert f'data-download="{FOLDER}/downloads/720p.mp4"' in text
    assert f'poster="{FOLDER}/thumb.jpg"' in text
    assert 'src="hls.min.js"' in text


def test_a_stream_that_has_neither_download_nor_poster_yet_is_played_too(tmp_path: Path) -> None:
    text = page_of(tmp_path, stream=located("hls/first.m3u8"))
    assert f'<video controls playsinline data-stream="{FOLDER}/hls/first.m3u8">' in text


def test_nothing_on_the_page_has_an_outside_address(tmp_path: Path) -> None:
    assert "://" not in page_of(tmp_path)


def test_the_page_is_served_with_the_byte_ranges_of_a_stream(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the page")
    (tmp_path / "a.mp4").write_bytes(b"0123456789")
    client = create_app(tmp_path, None).test_client()
    with client.get("/") as answer:
        assert answer.get_data(as_text=True) == "the page"
    with client.get("/a.mp4", headers={"Range": "bytes=2-4"}) as answer:
        assert (answer.status_code, answer.data) == (206, b"234")
    assert client.get("/../secret").status_code == 404


def test_the_page_finds_the_player_if_there_is_one(tmp_path: Path) -> None:
    player = tmp_path / "player"
    player.write_text("class Hls {}")
    with create_app(tmp_path, player).test_client().get("/hls.min.js") as answer:
        assert answer.data == b"class Hls {}"
    with create_app(tmp_path, None).test_client().get("/hls.min.js") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
        assert b"Hls" not in answer.data


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, commands: str) -> None:
    """An npm that does as it is told; `$5` is where the archive is to be."""
    npm = folder / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\n{commands}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent), prepend=":")


def archive_of(folder: Path, script: bytes) -> Path:
    path = folder / "archive"
    with tarfile.open(path, "w:gz") as package:
        member = tarfile.TarInfo("package/dist/hls.min.js")
        member.size = len(script)
        package.addfile(member, io.BytesIO(script))
    return path


def test_the_player_is_fetched_once_and_is_the_pinned_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of(tmp_path, b"class Hls {}")
    digest = hashlib.sha512(archive.read_bytes()).digest()
    monkeypatch.setattr(hls_js, "INTEGRITY", f"sha512-{b64encode(digest).decode()}")
    calls = tmp_path / "calls"
    stand_in(tmp_path, monkeypatch, f'echo "$1 $2" >> {calls}; cp {archive} "$5/hls.js.tgz"')
    said: list[str] = []
    for _ in range(2):
        assert hls_js.fetch(tmp_path / "build", said.append).read_bytes() == b"class Hls {}"
    assert calls.read_text() == f"pack {hls_js.PACKAGE}\n"
    assert len(said) == 1


def test_another_player_than_the_pinned_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of(tmp_path, b"class Other {}")
    stand_in(tmp_path, monkeypatch, f'cp {archive} "$5/hls.js.tgz"')
    with pytest.raises(hls_js.PlayerError, match="SHA-512"):
        hls_js.fetch(tmp_path / "build", print)
    assert not list((tmp_path / "build").rglob("*.js"))


@pytest.mark.parametrize("commands", ["echo no such package >&2; exit 1", "exit 0"])
def test_an_npm_that_fetches_nothing_is_named(
    commands: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, commands)
    with pytest.raises(hls_js.PlayerError, match=r"npm could not fetch hls\.js"):
        hls_js.fetch(tmp_path / "build", print)


def test_without_npm_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(hls_js.PlayerError, match="install Node"):
        hls_js.fetch(tmp_path / "build", print)
