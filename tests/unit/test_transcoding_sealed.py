"""FFmpeg's programs may not do more than they are let."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clips import full_ffmpeg, layer_on_path, moving_clip
from media_pipeline.failures import PermanentError, TransientError
from media_pipeline.recipe import load_recipe
from transcoding.probe import probe
from transcoding.sealed import EngineError, run

VIDEOS = load_recipe().videos


@pytest.fixture(scope="module", autouse=True)
def _product_ffmpeg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with layer_on_path(tmp_path_factory.mktemp("layer")):
        yield


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A playable file of the machine that no upload may reach."""
    return moving_clip(tmp_path_factory.mktemp("machine") / "secret.mp4", seconds=1)


def minute() -> float:
    return 60.0


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> None:
    for _ in range(3000):
        if not is_running(pid):
            return
        time.sleep(0.01)
    pytest.fail(f"process {pid} still runs")


def test_the_whole_group_is_killed_when_time_is_up(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 600 & echo $$ $! > {pids}; wait"
    with pytest.raises(PermanentError, match=r"^time_limit"):
        run(["sh", "-c", script], lambda: 3.0)
    for pid in pids.read_text().split():
        wait_until_gone(int(pid))


def test_nothing_is_started_without_time_left(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(PermanentError, match=r"^time_limit"):
        run(["touch", str(trace)], lambda: 0.0)
    assert not trace.exists()


def test_nothing_outlives_its_worker(tmp_path: Path) -> None:
    written = tmp_path / "pid"
    # Written aside and renamed, so that a pid is read whole.
    child = (
        "import os, pathlib, time; aside = pathlib.Path('aside'); "
        "aside.write_text(str(os.getpid())); aside.rename('pid'); time.sleep(600)"
    )
    worker = (
        "import sys; from transcoding.sealed import run; "
        f"run([sys.executable, '-c', {child!r}], lambda: 600.0)"
    )
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", worker], cwd=tmp_path, env=environment) as parent:
        try:
            while not written.exists():
                assert parent.poll() is None
                time.sleep(0.01)
        finally:
            parent.kill()
    wait_until_gone(int(written.read_text()))


def test_no_credentials_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    printed = run([sys.executable, "-c", "import os; print(*os.environ)"], minute).split()
    assert b"PATH" in printed
    assert not [name for name in printed if b"AWS" in name]


def test_what_is_printed_is_read_but_only_some_of_it_kept() -> None:
    script = "import sys; sys.stderr.write('e' * 10**7); sys.stdout.write('o' * 10**7)"
    assert run([sys.executable, "-c", script], minute) == b"o" * (1 << 20)


def test_the_end_of_a_long_complaint_is_kept() -> None:
    script = "import sys; sys.stderr.write('e' * 10**6 + ' the end'); sys.exit(1)"
    with pytest.raises(PermanentError, match=r"^corrupt_video") as failed:
        run([sys.executable, "-c", script], minute)
    (note,) = failed.value.__notes__
    assert note.endswith("e the end")
    assert len(note) < 10_000


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_being_killed_from_outside_may_pass(number: signal.Signals) -> None:
    script = f"import os; os.kill(os.getpid(), {int(number)})"
    with pytest.raises(TransientError):
        run([sys.executable, "-c", script], minute)


def test_a_crash_is_the_videos_fault() -> None:
    script = f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})"
    with pytest.raises(PermanentError, match=r"^corrupt_video"):
        run([sys.executable, "-c", script], minute)


def test_a_missing_component_is_not_the_videos_fault(secret: Path) -> None:
    command = ["ffmpeg", "-i", str(secret), "-vf", "nonesuch", "-f", "null", "-"]
    with pytest.raises(EngineError, match="No such filter"):
        run(command, minute)


def test_a_codec_that_is_not_listed_is_not_decoded(tmp_path: Path) -> None:
    source = tmp_path / "animation.mov"
    full_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "qtrle", source)
    with pytest.raises(PermanentError, match=r"^unsupported_video"):
        probe(source, VIDEOS.limits.pixels, minute)


def test_cover_art_captions_and_further_sound_do_no_harm(secret: Path, tmp_path: Path) -> None:
    captions, cover, source = (tmp_path / name for name in ("c.srt", "cover.png", "full.mp4"))
    captions.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    full_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-frames:v", "1", cover)
    inputs = ("-i", secret, "-i", cover, "-i", captions)
    maps = ("-map", "1", "-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "2")
    codecs = ("-c", "copy", "-c:a:1", "ac3", "-c:s", "mov_text", "-disposition:v:0", "attached_pic")
    full_ffmpeg(*inputs, *maps, *codecs, source)
    found = probe(source, VIDEOS.limits.pixels, minute)
    assert (found.picture.codec, found.picture.width) == ("h264", 320)
    assert found.sound
    assert found.sound.codec == "aac"


def test_frames_beyond_the_limit_are_not_decoded(secret: Path) -> None:
    with pytest.raises(PermanentError, match=r"^video_too_large"):
        probe(secret, 1000, minute)
