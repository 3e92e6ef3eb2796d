"""The README's Terraform is what the module takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

import pytest

from terraform import ROOT
from terraform_callers import CALL
from terraform_checkout import Checkout, planned


def _said() -> Iterator[str]:
    """What the README's blocks say to the module; those of `images` alone are a recipe's."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE):
        said = dedent(block).strip()
        if re.match(r"(media|recipe|storage)\s*=", said):
            yield said
        elif re.match(r"images\s*=", said):
            yield f"recipe = {{\n{said}\n}}"


SAID = list(_said())


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


def test_there_are_blocks_to_plan() -> None:
    assert len(SAID) >= 5


@pytest.mark.parametrize("said", SAID, ids=[re.sub(r"\s+", " ", said)[:30] for said in SAID])
def test_what_the_readme_says_is_planned(checkout: Checkout, endpoint: str, said: str) -> None:
    folder = checkout.path / "callers" / f"block-{SAID.index(said)}"
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text(CALL.format(said=said, endpoint=endpoint))
    assert planned(checkout.plan(f"callers/{folder.name}"), "aws_lambda_function")
