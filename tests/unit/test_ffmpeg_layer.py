"""The built FFmpeg layer: what it can, what it must not be able to, and on what it depends."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from artifacts import LAYER, Target, build
from clips import full_ffmpeg, moving_clip

BUILD = Path(__file__).parents[2] / "build"
PROGRAMS = ("ffmpeg", "ffprobe")
WIDTH, HEIGHT, FRAMES = 352, 288, 10
TONE_HZ = 440

# Every container, and every codec that the full FFmpeg can make, that the video processor takes.
CLIPS = {
    "mp4": "-c:v libx264 -pix_fmt yuv420p -c:a aac",
    "m4v": "-f mp4 -c:v libx264 -pix_fmt yuv420p10le -c:a ac3",
    "mov": "-c:v libx265 -pix_fmt yuv420p10le -tag:v hvc1 -c:a alac",
    "prores.mov": "-c:v prores_ks -c:a pcm_s24le",
    "dnxhr.mov": "-c:v dnxhd -profile:v dnxhr_sq -pix_fmt yuv422p -c:a pcm_s16be",
    "3gp": "-c:v h263 -c:a libopencore_amrnb -ar 8000 -ac 1 -b:a 12.2k",
    "mkv": "-c:v libx264 -pix_fmt yuv422p -c:a flac",
    "webm": "-c:v libvpx -pix_fmt yuv420p -b:v 2M -c:a libvorbis",
    "vp9.webm": "-c:v libvpx-vp9 -pix_fmt yuv420p -b:v 2M -cpu-used 8 -c:a libopus",
    "av1.mkv": "-c:v libsvtav1 -pix_fmt yuv420p10le -preset 10 -crf 20 -c:a libopus",
    "avi": "-c:v mpeg4 -q:v 2 -c:a libmp3lame",
    "mjpeg.avi": "-c:v mjpeg -pix_fmt yuvj420p -q:v 2 -c:a pcm_u8",
    "ts": "-c:v mpeg2video -q:v 2 -c:a eac3",
    "h264.ts": "-c:v libx264 -pix_fmt yuv420p -c:a aac",
    "mpg": "-c:v mpeg1video -q:v 2 -c:a mp2",
    "vob": "-c:v mpeg2video -q:v 2 -c:a ac3",
    "flv": "-c:v libx264 -pix_fmt yuv420p -c:a aac",
    "wmv": "-c:v wmv2 -q:v 2 -c:a wmav2",
    "wmv1.asf": "-c:v wmv1 -q:v 2 -c:a wmav1",
    "ogv": "-c:v libtheora -q:v 10 -c:a libvorbis",
}
# The rest of what it takes: there is no free encoder of these.
DECODE_ONLY = {"wmv3", "vc1", "wmapro", "wmalossless", "wmavoice", "amrwb", "aac_latm"}
DEMUXERS = {
    *("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpeg", "mpegts", "flv", "asf", "ogg"),
    *("image2", "mpegvideo", "h264"),
}
# Texts that a full FFmpeg takes for media and follows to other files.
REFERENCES = {
    "concat": "ffconcat version 1.0\nfile '{other}'\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n",
    "dash": "<MPD><Period><AdaptationSet><Representation><BaseURL>{other}</BaseURL>"
    "</Representation></AdaptationSet></Period></MPD>",
    "microdvd": "{{1}}{{50}}{other}\n{{51}}{{90}}{other}\n",
    "webvtt": "WEBVTT\n\n00:00.000 --> 00:02.000\n{other}\n",
}


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked layer, built first if it is not there."""
    built = build([LAYER], target=Target.of_this_machine(), output=BUILD)
    folder = tmp_path_factory.mktemp("layer")
    with ZipFile(built[LAYER]) as archive:
        archive.extractall(folder)
    for program in PROGRAMS:
        (folder / "bin" / program).chmod(0o755)
    return folder


def run(layer: Path, *arguments: str | Path, program: str = "ffmpeg") -> bytes:
    """What the layer's program writes to stdout; what it complains of is a failure."""
    command: list[str | Path] = [layer / "bin" / program, "-hide_banner", "-loglevel", "error"]
    # On Lambda there is nothing but the program to go by: no libraries, no fonts, no terminal.
    done = subprocess.run([*command, *arguments], capture_output=True, env={}, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout


def listed(layer: Path, what: str, program: str = "ffmpeg") -> set[str]:
    """The names in the table that `-decoders` and its kin print below a line of dashes."""
    table = run(layer, f"-{what}", program=program).decode().partition("--\n")[2]
    return {line.split()[1] for line in table.splitlines()}


def test_the_zip_is_small_and_says_what_was_built_of_what(layer: Path) -> None:
    made = BUILD / f"{LAYER}.zip"
    assert made.stat().st_size < 20_000_000
    info = json.loads((layer / "share/ffmpeg-layer/build-info.json").read_bytes())
    for name, digest in info["binaries"].items():
        assert sha256((layer / name).read_bytes()).hexdigest() == digest
    assert set(info["sources"]) >= {"ffmpeg", "x264", "dav1d", "zimg", "zlib", "glibc"}
    assert all(len(part["sha256"]) == 64 and part["version"] for part in info["sources"].values())
    assert info["sources"]["ffmpeg"]["version"].startswith("7:7.1.")
    description = json.loads((BUILD / f"{LAYER}.zip.json").read_bytes())
    assert description["sha256"] == sha256(made.read_bytes()).hexdigest()
    assert description["binaries"] == info["binaries"]
    assert "GNU GENERAL PUBLIC LICENSE" in (layer / "share/ffmpeg-layer/licences/GPL-2").read_text()


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_programs_are_static_and_placed_at_random(layer: Path, program: str) -> None:
    # The ELF header and its table of segments, as elf(5) lays them out for 64 bits.
    binary = (layer / "bin" / program).read_bytes()
    kind, table, size, count = struct.unpack_from("<16xH14xQ14xHH", binary)
    segments = {struct.unpack_from("<I", binary, table + i * size)[0] for i in range(count)}
    shared_object, load, interpreter = 3, 1, 3
    assert kind == shared_object
    assert load in segments
    assert interpreter not in segments


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_reads_known_containers_from_files_and_nothing_else(layer: Path, program: str) -> None:
    protocols = run(layer, "-protocols", program=program).decode().split("Input:")[1]
    assert protocols.split() == ["file", "pipe", "Output:", "file", "pipe"]
    assert listed(layer, "demuxers", program) == DEMUXERS
    assert listed(layer, "devices", program) == set()


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_text_that_names_another_file_is_no_media(
    layer: Path, tmp_path: Path, reference: str
) -> None:
    other = moving_clip(tmp_path / "other.mp4", seconds=0.2)
    upload = tmp_path / "upload.mp4"
    upload.write_text(REFERENCES[reference].format(other=other))
    command: list[str | Path] = [layer / "bin/ffmpeg", "-i", upload, tmp_path / "made.mp4"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode != 0
    assert b"Invalid data found when processing input" in done.stderr
    assert not (tmp_path / "made.mp4").exists()


def test_what_cannot_be_made_here_can_be_decoded_too(layer: Path) -> None:
    assert listed(layer, "decoders") > DECODE_ONLY


@pytest.mark.parametrize("kind", CLIPS)
def test_every_kind_of_upload_is_transcoded(layer: Path, tmp_path: Path, kind: str) -> None:
    upload, made = tmp_path / f"upload.{kind}", tmp_path / "made.mp4"
    card = f"testsrc2=size={WIDTH}x{HEIGHT}:rate=25"
    tone = f"sine=frequency={TONE_HZ}:sample_rate=48000"
    inputs = ["-f", "lavfi", "-i", card, "-f", "lavfi", "-i", tone]
    full_ffmpeg(*inputs, "-t", str(FRAMES / 25), *CLIPS[kind].split(), upload)
    encoded = ["-c:v", "libx264", "-qp", "10", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    run(layer, "-i", upload, "-fps_mode", "passthrough", *encoded, made)
    expected, got = pictures(upload), pictures(made)
    assert got.shape == expected.shape
    assert len(got) >= FRAMES - 1
    assert np.abs(got - expected).mean() < 2.5
    assert loudest_frequency(made) == pytest.approx(TONE_HZ, abs=10)


def pictures(path: Path) -> NDArray[np.float64]:
    """Every frame's luma, decoded by PyAV, as frames x height x width of 8 bits."""
    with av.open(path) as container:
        frames = [frame.reformat(format="gray") for frame in container.decode(video=0)]
        return np.stack([frame.to_ndarray().astype(np.float64) for frame in frames])


def loudest_frequency(path: Path) -> float:
    """In Hz, over the whole sound."""
    with av.open(path) as container:
        rate = container.streams.audio[0].rate
        sound = np.concatenate(
            [frame.to_ndarray()[0].astype(np.float64) for frame in container.decode(audio=0)]
        )
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), n=1 << 17))
    return float(spectrum.argmax() * rate / (1 << 17))


@pytest.mark.parametrize("nits", [5.0, 26.0, 90.0])
def test_a_grey_of_hdr_becomes_the_same_grey_of_bt709(
    layer: Path, tmp_path: Path, nits: float
) -> None:
    # The inverse EOTFs of SMPTE ST 2084 and, as SDR screens show BT.709, of BT.1886.
    scaled = (nits / 10000) ** 0.1593017578125
    signal = ((0.8359375 + 18.8515625 * scaled) / (1 + 18.6875 * scaled)) ** 78.84375
    expected = 16 + 219 * (nits / 100) ** (1 / 2.4)

    luma = np.full(64 * 64, round(64 + 876 * signal), np.uint16)
    frame = np.concatenate([luma, np.full(2 * 32 * 32, 512, np.uint16)]).tobytes()
    source = "-f rawvideo -pix_fmt yuv420p10le -s 64x64 -r 25 -i - -c:v libx265 -x265-params"
    colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:qp=4:log-level=error"
    full_ffmpeg(*source.split(), colours, tmp_path / "hdr.mp4", stdin=frame)
    tonemapped = (
        "zscale=transfer=linear:npl=100,format=gbrpf32le,zscale=primaries=bt709,"
        "tonemap=clip:desat=0,zscale=transfer=bt709:matrix=bt709:range=limited,format=yuv420p"
    )
    raw = ["-f", "rawvideo", "pipe:1"]
    made = np.frombuffer(run(layer, "-i", tmp_path / "hdr.mp4", "-vf", tonemapped, *raw), np.uint8)
    assert made[: 64 * 64].mean() == pytest.approx(expected, abs=2)


def test_captions_are_timed_by_their_files(layer: Path, tmp_path: Path) -> None:
    for second, box in enumerate([(0, 0, 80, 90), (80, 0, 160, 90)]):
        caption = Image.new("RGBA", (160, 90))
        caption.paste("white", box)
        caption.save(tmp_path / f"caption-{second}.png")
        os.utime(tmp_path / f"caption-{second}.png", ns=(0, second * 10**9))
    full_ffmpeg(
        "-f", "lavfi", "-i", "color=black:size=160x90:rate=10:duration=2", tmp_path / "b.mp4"
    )
    captions = ["-f", "image2", "-ts_from_file", "ns", "-i", str(tmp_path / "caption-%d.png")]
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"]
    drawn = ["-filter_complex", "[0:v][1:v]overlay"]
    made = np.frombuffer(run(layer, "-i", tmp_path / "b.mp4", *captions, *drawn, *raw), np.uint8)
    luma = made.reshape(20, -1)[:, : 160 * 90].reshape(20, 90, 160)
    assert (luma[:10, :, :76] > 200).all()
    assert (luma[:10, :, 84:] < 40).all()
    assert (luma[10:, :, :76] < 40).all()
    assert (luma[10:, :, 84:] > 200).all()
