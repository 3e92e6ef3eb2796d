"""Which of the project's files a handler needs, found by following its imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path

from artifacts.errors import BuildError


@dataclass(frozen=True, slots=True)
class Code:
    """The project's files by their path in a zip, and what they import from elsewhere.

    `foreign` has the first importing file by the top-level name of what it imports.
    """

    files: dict[str, Path]
    foreign: dict[str, Path]


def follow_imports(handler: Path, roots: Sequence[Path]) -> Code:
    """The handler, every module that it imports below `roots`, and those modules' package data.

    An import counts wherever it stands, in a function too, but not under `if TYPE_CHECKING`.
    Package data are the files beside a package's modules that are not Python. Raises `BuildError`
    for a module that is missing from one of the project's own packages.
    """
    code = Code({}, {})
    seen: set[str] = set()
    waiting = [(handler.stem, handler)]
    while waiting:
        module, importer = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        found = _locate(module, roots)
        if found is None:
            raise BuildError(f"{importer} imports {module}, which does not exist.")
        root, path = found
        if parent := module.rpartition(".")[0]:
            waiting.append((parent, importer))
        if path.is_dir():
            continue
        code.files.update(_with_package_data(root, path))
        for name in _imported(path, module, roots):
            if _locate(name.partition(".")[0], roots):
                waiting.append((name, path))
            else:
                code.foreign.setdefault(name.partition(".")[0], path)
    return code


def _locate(module: str, roots: Sequence[Path]) -> tuple[Path, Path] | None:
    """The root and the file of a module; the folder of a package without `__init__.py`."""
    for root in roots:
        base = root.joinpath(*module.split("."))
        for path in (base / "__init__.py", base.with_name(f"{base.name}.py")):
            if path.is_file():
                return root, path
        if base.is_dir():
            return root, base
    return None


def _with_package_data(root: Path, path: Path) -> dict[str, Path]:
    files = [path]
    if path.parent != root:
        files += [
            beside
            for beside in path.parent.iterdir()
            if beside.is_file() and beside.suffix not in {".py", ".pyc"}
        ]
    return {file.relative_to(root).as_posix(): file for file in files}


def _imported(path: Path, module: str, roots: Sequence[Path]) -> Iterator[str]:
    """The full names of what a file imports; of `from a import b` also a.b, if it is a module."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    try:
        tree = ast.parse(path.read_bytes(), path)
    except SyntaxError as error:
        raise BuildError(f"{path} is not Python: {error}.") from None
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            yield source
            members = (f"{source}.{alias.name}" for alias in node.names)
            yield from (member for member in members if _locate(member, roots))


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a tree but those that only a type checker reads."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for other in child.orelse:
                yield other
                yield from _running(other)
        else:
            yield child
            yield from _running(child)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"
