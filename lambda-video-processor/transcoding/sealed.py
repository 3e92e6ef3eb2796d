"""FFmpeg's programs, run sealed: what they may open, how long they may take, what they may know.

A video is hostile until it has been encoded. Inputs are limited to one container family, to the
decoders below and to local files; the process sees no credentials in its environment, writes no
core file, and is killed with its group when the time is up.
"""

from __future__ import annotations

import ctypes
import math
import os
import re
import resource
import signal
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread
from typing import IO

from media_pipeline.failures import PermanentError, TransientError

SecondsLeft = Callable[[], float]

DEMUXERS = ("mov",)
# Wider than what is transcoded: ffprobe opens a decoder for cover art, captions and further sound
# tracks too, and gives the whole file up when one of them is refused.
DECODERS = (
    *("h264", "hevc", "vp8", "vp9", "libdav1d", "mpeg1video", "mpeg2video", "mpeg4", "h263"),
    *("mjpeg", "png", "prores", "dnxhd", "mov_text"),
    *("aac", "mp1float", "mp2float", "mp3float", "ac3", "eac3", "opus", "vorbis", "flac", "alac"),
    *("amrnb", "amrwb", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"),
    *("pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be"),
    *("pcm_alaw", "pcm_mulaw"),
)

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_KEPT_OUTPUT = 1 << 20
_KEPT_ERRORS = 1 << 13

# What FFmpeg prints before it gives up, and what that means for the upload.
_REFUSALS = {
    "Format not on whitelist": ("unsupported_video", "The file is not an MP4 or MOV video."),
    r"Codec \(\w+\) not on whitelist": (
        "unsupported_video",
        "The file has a stream whose codec is not supported; export it as H.264 with AAC sound.",
    ),
    "exceeds specified max pixel count": (
        "video_too_large",
        "The video's frames are larger than the recipe allows; export it in a smaller size.",
    ),
    "No space left on device": (
        "disk_full",
        (
            "The video and its renditions do not fit the function's temporary storage; "
            "give the function more, or upload a shorter video."
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
        "codec_whitelist": ",".join(DECODERS),
        "max_pixels": max_pixels + max_pixels // 8,
    }


def run(command: Sequence[str], seconds_left: SecondsLeft) -> bytes:
    """Runs one of FFmpeg's programs and returns what it printed (the first mebibyte of it).

    Raises `PermanentError` with `time_limit` when `seconds_left` runs out, and with the code that
    FFmpeg's complaint stands for when it fails on its input; `TransientError` when something else
    killed it (memory, usually); `EngineError` when it lacks a component. What FFmpeg printed last
    is a note of the error, for the log.
    """
    patience = seconds_left()
    if patience <= 0:
        raise _out_of_time()
    output, errors = bytearray(), bytearray()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        start_new_session=True,
        preexec_fn=partial(_confine, patience),
    )
    with process:
        readers = [
            Thread(target=_keep_first, args=(process.stdout, output, _KEPT_OUTPUT)),
            Thread(target=_keep_last, args=(process.stderr, errors, _KEPT_ERRORS)),
        ]
        for reader in readers:
            reader.start()
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            raise _out_of_time() from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            for reader in readers:
                reader.join()
    if process.returncode:
        raise _failure(process.returncode, errors.decode(errors="replace"))
    return bytes(output)


def _confine(seconds: float) -> None:
    """In the child: no core file, no more CPU than the time allows, and no life after its parent.

    The last because the child leads a group of its own, which nobody kills when the worker is
    killed from outside.
    """
    processors = os.cpu_count() or 1
    most = math.ceil(seconds + 1) * processors
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _keep_first(pipe: IO[bytes], kept: bytearray, limit: int) -> None:
    while chunk := os.read(pipe.fileno(), 1 << 16):
        kept += chunk[: limit - len(kept)]


def _keep_last(pipe: IO[bytes], kept: bytearray, limit: int) -> None:
    while chunk := os.read(pipe.fileno(), 1 << 16):
        kept += chunk
        del kept[:-limit]


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
