"""What every contender is told: the photo, and each file to make of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from media_pipeline.stills import Format, Rendition

Size = tuple[int, int]

USUAL_EFFORT: dict[Format, int] = {"webp": 4}
"""libwebp's own, which Pillow, sharp and libvips keep; said aloud so that none can differ."""


@dataclass(frozen=True)
class Output:
    """One file: `name` is its rendition's, and sizes are pixels."""

    name: str
    width: int
    height: int
    format: Format
    quality: int | None
    effort: int | None
    progressive: bool

    @property
    def file(self) -> str:
        return f"{self.name}.{self.format}"

    @property
    def size(self) -> Size:
        return self.width, self.height


@dataclass(frozen=True)
class BenchmarkJob:
    """A photo and its outputs."""

    photo: Path
    outputs: list[Output]

    @property
    def sizes(self) -> list[Size]:
        """Each size once, the largest first."""
        return sorted({output.size for output in self.outputs}, reverse=True)

    def write(self, path: Path) -> None:
        content = {"photo": str(self.photo), "outputs": [asdict(each) for each in self.outputs]}
        path.write_text(json.dumps(content, indent=1))

    @classmethod
    def read(cls, path: Path) -> BenchmarkJob:
        content = json.loads(path.read_bytes())
        return cls(Path(content["photo"]), [Output(**each) for each in content["outputs"]])


def outputs_of(
    recipe: Mapping[str, Rendition], recorded: Iterable[Mapping[str, Any]]
) -> list[Output]:
    """The recipe's settings, each with the size in pixels that the photo's record names."""
    sizes = {made["name"]: (made["width"], made["height"]) for made in recorded}
    return [
        Output(
            name,
            *sizes[name],
            format=file_format,
            quality=encoding.quality,
            effort=USUAL_EFFORT.get(file_format) if encoding.effort is None else encoding.effort,
            progressive=file_format == "jpg" and encoding.progressive is not False,
        )
        for name, rendition in recipe.items()
        for file_format, encoding in rendition.formats.items()
    ]
