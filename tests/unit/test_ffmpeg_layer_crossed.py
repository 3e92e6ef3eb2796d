"""The FFmpeg layer of the architecture that this machine is not, run by QEMU's user emulation."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from artifacts import LAYER, Target, build
from artifacts.target import Architecture, machine_architecture
from clips import moving_clip

OTHER: Architecture = "x86_64" if machine_architecture() == "arm64" else "arm64"
BUILD = Path(__file__).parents[2] / "build" / OTHER
QEMU = {"x86_64": "qemu-x86_64-static", "arm64": "qemu-aarch64-static"}[OTHER]
MACHINES = {"x86_64": 62, "arm64": 183}
"""`e_machine` of an ELF file: EM_X86_64 and EM_AARCH64."""
FASTER = {"x86_64": "SSE2", "arm64": "NEON"}[OTHER]
"""What x264 says that it uses of the processor."""
PROGRAMS = ("ffmpeg", "ffprobe")
FRAMES = 50

pytestmark = pytest.mark.skipif(
    shutil.which(QEMU) is None, reason=f"{QEMU} of Debian's qemu-user-static runs it"
)


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked layer, built first if it is not there."""
    built = build([LAYER], target=Target.of_lambda("python3.13", OTHER), output=BUILD)
    folder = tmp_path_factory.mktemp("layer")
    with ZipFile(built[LAYER]) as archive:
        archive.extractall(folder)
    for program in PROGRAMS:
        (folder / "bin" / program).chmod(0o755)
    return folder


def run(layer: Path, program: str, *arguments: str | Path) -> tuple[bytes, str]:
    """What it writes to stdout and what it says; nothing of the machine's own lies in its way."""
    command: list[str | Path] = [QEMU, layer / "bin" / program, "-hide_banner"]
    path = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run([*command, *arguments], capture_output=True, env=path, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout, done.stderr.decode()


def luma(path: Path) -> NDArray[np.float64]:
    """Every frame's, decoded by PyAV, as frames x height x width of 8 bits."""
    with av.open(path) as container:
        frames = [frame.reformat(format="gray") for frame in container.decode(video=0)]
        return np.stack([frame.to_ndarray().astype(np.float64) for frame in frames])


def test_it_is_of_the_other_architecture_and_says_what_was_linked(layer: Path) -> None:
    for program in PROGRAMS:
        start = (layer / "bin" / program).read_bytes()[:20]
        assert (start[:4], start[18]) == (b"\x7fELF", MACHINES[OTHER])
    info = json.loads((layer / "share/ffmpeg-layer/build-info.json").read_bytes())
    assert info["architecture"] == OTHER
    parts = {"ffmpeg", "dav1d", "x264", "zimg", "zlib", "glibc", "libstdc++"}
    assert set(info["sources"]) == parts
    assert all(len(part["sha256"]) == 64 and part["version"] for part in info["sources"].values())
    # The cross compiler's own libraries, which come late to Debian's corrections, have such names.
    assert not [part for part in info["sources"].values() if "cross" in part["version"]]
    licences = {file.name for file in (layer / "share/ffmpeg-layer/licences").iterdir()}
    assert len(licences) == len(parts) + 1
    assert "GPL-2" in licences


def test_it_encodes_and_probes_a_fragmented_mp4(layer: Path, tmp_path: Path) -> None:
    upload = moving_clip(tmp_path / "upload.mp4", size=(192, 108), seconds=FRAMES / 25)
    made = tmp_path / "made.mp4"
    fragmented = "-movflags frag_keyframe+delay_moov+default_base_moof+cmaf -g 25"
    encoded = "-c:v libx264 -preset veryfast -qp 16 -pix_fmt yuv420p -c:a aac"
    _, said = run(layer, "ffmpeg", "-i", upload, *encoded.split(), *fragmented.split(), made)
    assert FASTER in said.partition("using cpu capabilities:")[2].splitlines()[0]

    assert made.read_bytes().count(b"moof") >= 2
    entries = "stream=codec_name,width,height,nb_read_packets"
    probe = ("-v", "error", "-count_packets", "-show_entries", entries, "-of", "json")
    answer, _ = run(layer, "ffprobe", *probe, made)
    video, sound = json.loads(answer)["streams"]
    expected: dict[str, Any] = {"codec_name": "h264", "width": 192, "height": 108}
    assert video == {**expected, "nb_read_packets": str(FRAMES)}
    assert sound["codec_name"] == "aac"
    assert luma(made) == pytest.approx(luma(upload), abs=40)
    assert np.abs(luma(made) - luma(upload)).mean() < 1.5


def test_it_has_ffmpegs_own_code_for_the_processor(layer: Path, tmp_path: Path) -> None:
    """Such code adds floats up in another order, so that its AAC is another one than plain C's."""
    upload = moving_clip(tmp_path / "upload.mp4", size=(32, 32), seconds=0.5)

    def encoded(*options: str) -> bytes:
        made = tmp_path / "made.mp4"
        run(layer, "ffmpeg", *options, "-y", "-i", upload, "-vn", "-c:a", "aac", made)
        return made.read_bytes()

    fast = encoded()
    assert encoded() == fast
    assert encoded("-cpuflags", "0") != fast
