"""`make bench-images`: every contender's CPU, memory and bytes for one photo, and their ratios."""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from goals import goals_table
from images.contenders import Node, install_sharp
from images.figures import GOALS, contenders_table, figures
from images.measuring import measure, own_photo
from processes import BenchmarkError
from rounds import processor, rounds_named

FOLDER = Path("build/bench")
ANSWER = FOLDER / "images.json"


def main() -> int:
    """Run the benchmark; the answer is the exit status, 0 whether or not the goals are met."""
    console = Console()

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        photo = _photo(sys.argv[1:])
        node = install_sharp(FOLDER / "node")
        say(_machine(node))
        measured = measure(photo, node, FOLDER, rounds_named(5), say)
    except BenchmarkError as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    answer = figures(measured)
    ANSWER.write_text(json.dumps(answer, indent=2) + "\n")
    console.print(contenders_table(measured), goals_table(answer, GOALS))
    say(f"The figures are in {ANSWER}.")
    return 0


def _photo(arguments: list[str]) -> Path:
    if not arguments:
        return own_photo(FOLDER, "12")
    photo = Path(arguments[0])
    if not photo.is_file():
        raise BenchmarkError(f"There is no photo {photo}: name a JPEG with PHOTO=.")
    return photo.resolve()


def _machine(node: Node | None) -> str:
    parts = [
        processor(),
        f"Python {platform.python_version()}",
        f"Pillow {version('pillow')}",
        f"pyvips-binary {version('pyvips-binary')}",
    ]
    if node is None:
        parts.append("no Node with npm")
    else:
        parts += [f"Node {node.version}", f"sharp {node.sharp_version}"]
    return "; ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
