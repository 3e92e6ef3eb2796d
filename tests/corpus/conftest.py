"""Tests on files of real cameras, collected only where `MEDIA_CORPUS` names their folder.

A path that is not absolute begins at the project.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clips import layer_on_path
from media_pipeline.recipe import load_recipe
from rendered import Rendered

PROJECT = Path(__file__).parents[2]
NAMED = os.environ.get("MEDIA_CORPUS")

collect_ignore_glob = [] if NAMED else ["test_*.py"]


@pytest.fixture(scope="session")
def corpus() -> Path:
    folder = PROJECT / str(NAMED)
    assert folder.is_dir(), f"MEDIA_CORPUS names no folder: {folder}"
    return folder


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with layer_on_path(tmp_path_factory.mktemp("layer")):
        yield


@pytest.fixture(scope="session")
def rendered(corpus: Path) -> Callable[[str], Rendered]:
    """The photo of a name, made by the default recipe; each once."""
    made: dict[str, Rendered] = {}

    def render(name: str) -> Rendered:
        if name not in made:
            made[name] = Rendered(corpus / name, load_recipe().images)
        return made[name]

    return render
