"""Every file of the folder has a test that names it."""

from __future__ import annotations

import ast
from pathlib import Path


def test_every_file_is_named_by_a_test(corpus: Path) -> None:
    named: set[str] = set()
    for module in Path(__file__).parent.glob("test_*.py"):
        words = (node for node in ast.walk(ast.parse(module.read_text())))
        named |= {
            word.value
            for word in words
            if isinstance(word, ast.Constant) and isinstance(word.value, str)
        }
    untested = {path.name for path in corpus.iterdir()} - named - {"README.md"}
    assert not untested
