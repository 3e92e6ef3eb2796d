"""FFmpeg's programs, run sealed: what they may open, how long they may take, what they may know.

A video is hostile until it has been encoded. Inputs are limited to the containers and decoders
below and to local files; the process sees no credentials in its environment, writes no core file,
may not have more memory than there is nor files larger than agreed, and is killed with its group
when the time is up.
"""

from __future__ import annotations

import ctypes
import math
import os
import re
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from selectors import EVENT_READ, DefaultSelector
from time import monotonic

from media_pipeline.failures import PermanentError, TransientError

SecondsLeft = Callable[[], float]

OnProgress = Callable[[float], None]

# Any of the names under which FFmpeg knows a demuxer admits it. The layer's others are not for
# uploads: `image2` reads our own captions, raw H.264 and MPEG help to tell what an MPEG-PS has.
DEMUXERS = ("mov", "matroska", "avi", "mpegts", "mpeg", "flv", "asf", "ogg")
# As the layer has them. ffprobe opens a decoder for cover art and further sound tracks too, and
# gives the whole file up when one of them is refused.
DECODERS = (
    *("h264", "hevc", "vp8", "vp9", "libdav1d", "mpeg1video", "mpeg2video", "mpeg4", "h263"),
    *("wmv1", "wmv2", "wmv3", "vc1", "mjpeg", "prores", "dnxhd", "theora", "png"),
    *("aac", "aac_latm", "mp1float", "mp2float", "mp3float", "ac3", "eac3", "opus", "vorbis"),
    *("flac", "alac", "amrnb", "amrwb"),
    *("wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice"),
    *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"),
    *("pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be"),
    *("pcm_alaw", "pcm_mulaw", "pcm_bluray", "pcm_dvd"),
)
# Captions, which are not used: an FFmpeg that knows them, as the layer's does not, has ffprobe open
# them as well.
_CAPTIONS = ("mov_text", "subrip", "ass", "webvtt", "cc_dec", "dvbsub", "dvdsub", "pgssub")

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_KEPT_OUTPUT = 1 << 20
_KEPT_ERRORS = 1 << 13
# What FFmpeg reserves and never fills: stacks of some fifty threads, and their heaps.
_RESERVED = 2 << 30
_PROGRESS = ("-progress", "pipe:1", "-stats_period", "0.5")
_DISK_FULL = (
    "disk_full",
    (
        "The video and its renditions do not fit the function's temporary storage; "
        "give the function more, or upload a shorter video."
    ),
)

# What FFmpeg prints before it gives up, and what that means for the upload.
_REFUSALS = {
    "Format not on whitelist": (
        "unsupported_video",
        (
            "The file is none of the supported kinds of video: MP4, MOV, M4V, 3GP, MKV, WebM, AVI, "
            "MPEG-TS, MPEG-PS, FLV, ASF and Ogg."
        ),
    ),
    r"Codec \(\w+\) not on whitelist|no decoder found for": (
        "unsupported_video",
        "The file has a stream whose codec is not supported; export it as H.264 with AAC sound.",
    ),
    "exceeds specified max pixel count": (
        "video_too_large",
        "The video's frames are larger than the recipe allows; export it in a smaller size.",
    ),
    "No space left on device": _DISK_FULL,
    # No header needs that much, except one whose numbers are damaged.
    r"(?s)(error reading header|Error opening input:).*Cannot allocate memory": (
        "corrupt_video",
        "The video's header makes no sense; upload it again, or export it anew.",
    ),
    # The same file would meet the same bound again, so that trying again is no use.
    r"Cannot allocate memory|malloc of size \d+ failed": (
        "memory_limit",
        (
            "The video needs more memory than the function has; "
            "give the function more, or export the video in a smaller size."
        ),
    ),
}
_OUR_FAULT = re.compile(
    r"Unknown (en|de)coder|No such filter|Unrecognized option|Option \S+ not found"
    r"|Unable to find a suitable output format|Requested output format"
)


class EngineError(Exception):
    """FFmpeg lacks something that this program asks for: the deployment is at fault, no upload."""


def input_options(max_pixels: int) -> dict[str, str | int]:
    """Options before an input, for ffmpeg and ffprobe alike; `max_pixels` is of one frame.

    A decoder counts whole macroblocks, so a little more than the limit is let through to it.
    """
    return {
        "protocol_whitelist": "file,pipe",
        "format_whitelist": ",".join(DEMUXERS),
        "codec_whitelist": ",".join((*DECODERS, *_CAPTIONS)),
        "max_pixels": max_pixels + max_pixels // 8,
    }


def run(
    command: Sequence[str],
    seconds_left: SecondsLeft,
    *,
    on_progress: OnProgress | None = None,
    most_bytes: int | None = None,
) -> bytes:
    """Runs one of FFmpeg's programs and returns what it printed (the first mebibyte of it).

    `on_progress` makes ffmpeg print how far it is, instead of anything else, and is called with
    the seconds of output that all of its outputs have; what it raises ends the program and is
    raised. `most_bytes` is how large each file may become that the program writes.

    Raises `PermanentError` with `time_limit` when `seconds_left` runs out, with `disk_full` beyond
    `most_bytes`, and with the code that FFmpeg's complaint stands for when it fails on its input;
    `TransientError` when something else killed it (memory, usually); `EngineError` when it lacks a
    component. What FFmpeg printed last is a note of the error, for the log.
    """
    patience = seconds_left()
    if patience <= 0:
        raise _out_of_time()
    deadline = monotonic() + patience
    progress = _PROGRESS if on_progress else ()
    output, errors = bytearray(), bytearray()
    with subprocess.Popen(
        [command[0], *progress, *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Few heaps to share among the threads: each reserves address space.
        env={"PATH": os.environ.get("PATH", os.defpath), "MALLOC_ARENA_MAX": "2"},
        start_new_session=True,
        preexec_fn=partial(_confine, patience, most_memory(), most_bytes),
    ) as process:
        try:
            for is_error, chunk in _printed(process, deadline):
                if is_error:
                    errors += chunk
                    del errors[:-_KEPT_ERRORS]
                else:
                    output += chunk[: max(0, _KEPT_OUTPUT - len(output))]
                    if on_progress:
                        _report(output, on_progress)
            process.wait(timeout=max(0.0, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            raise _out_of_time() from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise _failure(process.returncode, errors.decode(errors="replace"))
    return bytes(output)


def most_memory(environment: Mapping[str, str] = os.environ) -> int:
    """Bytes of address space that a program may have.

    As much as the function has memory, or the machine where it is no function, and what FFmpeg
    reserves beyond: with four encoders up to 1080p it has some 1.4 GiB mapped and 0.8 GiB in use.
    """
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # Lambda's own variable, in MB, which are mebibytes.
    function = int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0)) << 20
    return min(machine, function or machine) + _RESERVED


def _confine(seconds: float, memory: int, most_bytes: int | None) -> None:
    """In the child: bounds on all that it may use, no core file, and no life after its parent.

    The last because the child leads a group of its own, which nobody kills when the worker is
    killed from outside.
    """
    processors = os.cpu_count() or 1
    most = math.ceil(seconds + 1) * processors
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if most_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _printed(process: subprocess.Popen[bytes], deadline: float) -> Iterator[tuple[bool, bytes]]:
    """What a program prints as it comes, and whether on standard error, until it closes both."""
    with DefaultSelector() as pipes:
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipes.register(pipe, EVENT_READ, data=pipe is process.stderr)
        while pipes.get_map():
            left = deadline - monotonic()
            ready = pipes.select(left) if left > 0 else []
            if not ready:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, _ in ready:
                if chunk := os.read(key.fd, 1 << 16):
                    yield key.data, chunk
                else:
                    pipes.unregister(key.fileobj)


def _report(printed: bytearray, on_progress: OnProgress) -> None:
    """Takes the whole lines from what ffmpeg has `printed` and reports the last time in them.

    Times are `out_time_us=` and microseconds, or `N/A` before the first (FFmpeg, `-progress`).
    """
    lines, newline, rest = printed.rpartition(b"\n")
    if newline:
        printed[:] = rest
        if times := re.findall(rb"^out_time_us=(\d+)\s*$", lines, re.MULTILINE):
            on_progress(int(times[-1]) / 1_000_000)


def _out_of_time() -> PermanentError:
    return PermanentError(
        "time_limit",
        "The video could not be processed in the time that one run has; "
        "upload a shorter one, or give the function more time or memory.",
    )


def _failure(status: int, errors: str) -> Exception:
    failure: Exception
    refusal = next((words for sign, words in _REFUSALS.items() if re.search(sign, errors)), None)
    if -status in (signal.SIGKILL, signal.SIGTERM):
        failure = TransientError(f"FFmpeg was killed by signal {-status}; memory may have run out")
    elif -status == signal.SIGXCPU:
        failure = _out_of_time()
    elif -status == signal.SIGXFSZ:
        failure = PermanentError(*_DISK_FULL)
    elif found := _OUR_FAULT.search(errors):
        failure = EngineError(f"FFmpeg cannot do what is asked: {found[0]}")
    elif refusal:
        failure = PermanentError(*refusal)
    else:
        sentence = f"The video cannot be decoded{_reason(errors)}."
        failure = PermanentError("corrupt_video", sentence)
    failure.add_note(errors.strip() or f"FFmpeg ended with status {status} and said nothing.")
    return failure


def _reason(errors: str) -> str:
    """The first thing FFmpeg complained of, without addresses of memory and files."""
    first = next((line for line in errors.splitlines() if line.startswith("[")), "")
    reason = re.sub(r"^(\[[^]]*\]\s*)+", "", first)
    return f" ({reason[:200]})" if reason else ""
