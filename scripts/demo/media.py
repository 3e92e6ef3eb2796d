"""What the demo uploads: the files that were named, or a photo and a video of its own making."""

from __future__ import annotations

import math
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
from PIL import Image, ImageDraw

from media_pipeline.recipe import Recipe

PROJECT = "gallery-7"


class MediaError(Exception):
    """A file that cannot be uploaded, in a sentence."""


@dataclass(frozen=True)
class Medium:
    """One file to upload. `kind` is `image` or `video`, by what the recipe says of its suffix."""

    path: Path
    kind: str
    media_id: str

    @property
    def key(self) -> str:
        return f"originals/{PROJECT}/{self.media_id}/{self.path.name}"


def named_media(names: list[str], recipe: Recipe) -> list[Medium]:
    """The files of `names`; raises `MediaError` for one that is missing or of no known kind."""
    media = []
    for number, path in enumerate(map(Path, names), start=1):
        if not path.is_file():
            raise MediaError(f"{path} does not exist; name files in MEDIA, separated by blanks.")
        suffix = path.suffix.lower()
        if suffix in recipe.images.suffixes:
            kind = "image"
        elif suffix in recipe.videos.suffixes:
            kind = "video"
        else:
            known = ", ".join(recipe.images.suffixes + recipe.videos.suffixes)
            raise MediaError(f"{path} has none of the suffixes that the recipe takes: {known}.")
        stem = re.sub(r"[^A-Za-z0-9]+", "-", path.stem).strip("-") or "medium"
        media.append(Medium(path, kind, f"{stem}-{number}"))
    return media


def own_media(folder: Path) -> list[Medium]:
    """A phone's sideways photo and six seconds of 1080p with a tone, made once."""
    photo, video = folder / "harbour.jpg", folder / "test-card.mp4"
    folder.mkdir(parents=True, exist_ok=True)
    if not photo.exists():
        _make_photo(photo)
    if not video.exists():
        _make_video(video)
    return [Medium(photo, "image", "photo-42"), Medium(video, "video", "clip-9")]


def _make_photo(path: Path) -> None:
    """A harbour at dusk, stored lying on its side with a tag that says so, as phones store it."""
    width, height, horizon = 2400, 1600, 880
    depth = Image.linear_gradient("L").resize((width, horizon))
    # Red, green and blue at the zenith, and what comes to each down to the horizon.
    channels = ((40, 0.8), (60, 0.45), (140, -0.15))
    sky = Image.merge("RGB", [depth.point(lambda v, c=c: c[0] + v * c[1]) for c in channels])
    scene = Image.new("RGB", (width, height))
    scene.paste(sky)
    water = sky.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((width, height - horizon))
    scene.paste(water, (0, horizon))
    draw = ImageDraw.Draw(scene)
    draw.ellipse((1500, horizon - 190, 1740, horizon + 50), fill=(255, 214, 140))
    draw.rectangle((0, horizon, width, horizon + 6), fill=(70, 50, 80))
    for ripple in range(60):
        y, reach = horizon + 12 + ripple**2 // 6, 60 + ripple * 5 + 40 * math.sin(ripple * 1.7)
        glint = (1620 - reach, y, 1620 + reach, y)
        draw.line(glint, fill=(255, 190, 120), width=2 + ripple // 12)
    for boat, x in enumerate((300, 720, 1130)):
        _draw_boat(draw, x, horizon + 80 + boat * 70, 90 + boat * 40)
    exif = Image.Exif()
    exif[0x0112] = 6
    scene.transpose(Image.Transpose.ROTATE_90).save(path, quality=92, exif=exif)


def _draw_boat(draw: ImageDraw.ImageDraw, x: int, y: int, size: int) -> None:
    keel, deck = size * 2 // 3, size // 3
    hull = [(x - size, y), (x + size, y), (x + keel, y + deck), (x - keel, y + deck)]
    draw.polygon(hull, fill=(50, 30, 45))
    sail = [(x, y - size * 2), (x, y - 8), (x + size * 4 // 5, y - 8)]
    draw.polygon(sail, fill=(240, 226, 205))


def _make_video(path: Path) -> None:
    partial = path.with_suffix(".partial.mp4")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error"]
    command += ["-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30:duration=6"]
    command += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=6"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([*command, str(partial)], check=True, stdin=subprocess.DEVNULL)
    partial.rename(path)
