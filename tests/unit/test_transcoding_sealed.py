"""FFmpeg's programs may not do more than they are let."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clips import full_ffmpeg, layer_on_path, moving_clip
from media_pipeline.failures import PermanentError, TransientError
from media_pipeline.recipe import load_recipe
from transcoding.probe import probe
from transcoding.sealed import DECODERS, DEMUXERS, EngineError, run

VIDEOS = load_recipe().videos
COMPONENTS = Path(__file__).parents[2] / "layers" / "ffmpeg" / "components"


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


def ticking(path: Path, *lines: str, then: str = "") -> str:
    """A program that prints `lines` whatever it is asked, as ffmpeg reports how far it is."""
    path.write_text("#!/bin/sh\n" + "".join(f"echo {line}\n" for line in lines) + then)
    path.chmod(0o755)
    return str(path)


def test_progress_is_reported_in_seconds_by_the_caller_itself(tmp_path: Path) -> None:
    callers, seconds = set(), []

    def report(done: float) -> None:
        callers.add(threading.current_thread())
        seconds.append(done)

    program = ticking(
        tmp_path / "program",
        *("out_time_us=N/A", "out_time_us=1500000", "out_time=00:00:09", "progress=continue"),
        *("out_time_us=2000000", "progress=end"),
    )
    assert run([program], minute, on_progress=report) == b""
    assert callers == {threading.current_thread()}
    assert seconds[-1] == 2.0
    assert set(seconds) <= {1.5, 2.0}


def test_ffmpeg_reports_its_progress(secret: Path, tmp_path: Path) -> None:
    seconds: list[float] = []
    command = ["ffmpeg", "-loglevel", "error", "-i", str(secret), str(tmp_path / "made.mp4")]
    run(command, minute, on_progress=seconds.append)
    assert seconds == sorted(seconds)
    assert seconds[-1] == pytest.approx(1.0, abs=0.1)


def test_what_progress_raises_ends_the_program_and_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    then = f"sleep 600 & echo $$ $! > {pids}; echo out_time_us=2000000; wait"
    program = ticking(tmp_path / "program", "out_time_us=1000000", then=then)

    def report(done: float) -> None:
        if done == 2.0:
            raise PermanentError("lost", "Enough.")

    with pytest.raises(PermanentError, match=r"^lost"):
        run([program], minute, on_progress=report)
    for pid in pids.read_text().split():
        wait_until_gone(int(pid))


def test_a_program_is_held_to_all_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
    names = "RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_CORE"
    script = f"import resource as r; print(*[r.getrlimit(getattr(r, n))[0] for n in {names}])"
    cpu, memory, size, core = map(
        int, run([sys.executable, "-c", script], lambda: 9.0, most_bytes=12345).split()
    )
    assert cpu == 10 * (os.cpu_count() or 1)
    assert memory == (512 + 2048) * 2**20
    assert (size, core) == (12345, 0)


def test_a_file_beyond_its_bound_is_cut_off(secret: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.yuv"
    frame = 320 * 180 * 3 // 2

    def write(frames: int) -> None:
        read = ["ffmpeg", "-loglevel", "error", "-y", "-i", str(secret)]
        run(
            [*read, "-frames:v", str(frames), "-f", "rawvideo", str(made)],
            minute,
            most_bytes=10 * frame,
        )

    write(10)
    assert made.stat().st_size == 10 * frame
    with pytest.raises(PermanentError, match=r"^disk_full"):
        write(11)
    assert made.stat().st_size <= 10 * frame


def test_memory_beyond_the_bound_is_a_clear_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
    script = "import mmap; mmap.mmap(-1, {} << 20)"
    with pytest.raises(PermanentError, match=r"^memory_limit"):
        run([sys.executable, "-c", script.format(512 + 2048)], minute)
    run([sys.executable, "-c", script.format(512)], minute)


def test_a_header_that_asks_for_too_much_memory_is_damaged(secret: Path, tmp_path: Path) -> None:
    movie = bytearray(secret.read_bytes())
    # ISO/IEC 14496-12, 8.6.1.2.2: the number of entries follows the version and the flags.
    movie[movie.index(b"stts") + 8] = 0x10
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(movie)
    with pytest.raises(PermanentError, match=r"^corrupt_video") as failed:
        probe(damaged, VIDEOS.limits.pixels, minute)
    assert "Cannot allocate memory" in failed.value.__notes__[0]


def test_a_full_ladder_does_not_meet_the_bound_on_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the function's default size, with 4K to read and four rungs of the default recipe."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008")
    source = moving_clip(tmp_path / "4k.mp4", size=(3840, 2160), seconds=0.2)
    sizes = ("640x360", "854x480", "1280x720", "1920x1080")
    command = ["ffmpeg", "-loglevel", "error", "-i", str(source)]
    for size in sizes:
        command += ["-map", "0:v", "-s", size, "-c:v", "libx264", "-preset", "veryfast"]
        command += ["-threads", "16", str(tmp_path / f"{size}.mp4")]
    run(command, minute)
    assert all((tmp_path / f"{size}.mp4").stat().st_size for size in sizes)


def test_uploads_may_use_what_the_layer_has_for_them() -> None:
    listed: dict[str, set[str]] = {}
    for line in COMPONENTS.read_text().splitlines():
        kind, *names = line.split() or [""]
        listed.setdefault(kind, set()).update(names)
    assert set(DECODERS) == listed["decoder"]
    # FFmpeg's name for the demuxer that it configures as `mpegps`.
    ours = {"mpegps" if name == "mpeg" else name for name in DEMUXERS}
    assert ours == listed["demuxer"] - {"mpegvideo", "h264", "image2"}


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
