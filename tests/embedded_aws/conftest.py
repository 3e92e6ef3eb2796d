"""One embedded AWS for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded_aws.bench import Bench, Marks
from local_aws import LocalAws


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws(tmp_path_factory.mktemp("aws"), retry_seconds=(0.0, 0.0)) as started:
        yield started


@pytest.fixture(scope="module")
def bench(aws: LocalAws) -> Bench:
    return Bench(aws.endpoint)


@pytest.fixture
def marks(tmp_path: Path) -> Marks:
    return Marks(tmp_path / "marks")
