"""`make bench-videos`: every contender's CPU, wall and bytes for one clip, and their ratios."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from zipfile import ZipFile

from rich.console import Console

from goals import goals_table
from processes import BenchmarkError, run
from rounds import processor, rounds_named
from videos.figures import contenders_table, figures, goals, similarities_table
from videos.measuring import measure
from videos.sources import make_source

FOLDER = Path("build/bench")
ANSWER = FOLDER / "videos.json"
LAYER = Path("build/ffmpeg-layer.zip")
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "POWERTOOLS_SERVICE_NAME": "videos",
    "POWERTOOLS_METRICS_NAMESPACE": "MediaPipeline",
}
"""What Terraform and Lambda set for the function, and its imports read."""


def main() -> int:
    """Run the benchmark; the answer is the exit status, 0 whether or not the goals are met."""
    console = Console()

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        os.environ.update(ENVIRONMENT)
        os.environ["PATH"] = f"{_layer_programs()}:{os.environ['PATH']}"
        rounds = rounds_named(3)
        say(f"{processor()}; Python {platform.python_version()}; {_ffmpeg_version()}")
        source = make_source(_clip(sys.argv[1:]), FOLDER).resolve()
        measured = measure(source, FOLDER, rounds, say)
    except BenchmarkError as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    answer = figures(measured)
    ANSWER.write_text(json.dumps(answer, indent=2) + "\n")
    console.print(contenders_table(measured), similarities_table(measured))
    console.print(goals_table(answer, goals(answer)))
    say(
        "The floor has no poster, storyboard, loudness, packaging and no Python, all of which are "
        "in what this project took."
    )
    say(f"The figures are in {ANSWER}.")
    return 0


def _clip(arguments: list[str]) -> Path | None:
    if not arguments:
        return None
    clip = Path(arguments[0])
    if not clip.is_file():
        raise BenchmarkError(f"There is no clip {clip}: name a video with CLIP=.")
    return clip.resolve()


def _layer_programs() -> Path:
    """The folder with the layer's ffmpeg and ffprobe."""
    if not LAYER.is_file():
        raise BenchmarkError(
            f"There is no {LAYER}: `python scripts/build.py ffmpeg-layer` makes it."
        )
    folder = (FOLDER / "layer").resolve()
    with ZipFile(LAYER) as layer:
        for name in layer.namelist():
            if name.startswith("bin/ff"):
                Path(layer.extract(name, folder)).chmod(0o755)
    return folder / "bin"


def _ffmpeg_version() -> str:
    first = run(["ffmpeg", "-version"], os.environ)[1].decode().splitlines()[0]
    return first.partition(" Copyright")[0]


if __name__ == "__main__":
    sys.exit(main())
