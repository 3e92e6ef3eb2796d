"""The tables of inputs and outputs that the README of each Terraform module holds.

    python scripts/terraform_docs.py write
    python scripts/terraform_docs.py check

They stand between two comments of the README; those of the root module are in docs/reference.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import hcl2
from lark import Token, Tree
from lark.exceptions import LarkError

ROOT = Path(__file__).resolve().parents[1]
# The words of the tool terraform-docs, so that it finds the same place.
BEGIN = "<!-- BEGIN_TF_DOCS -->"
END = "<!-- END_TF_DOCS -->"


class DocsError(Exception):
    """A module or its README cannot be documented; says why in a sentence for a person."""


@dataclass(frozen=True)
class Input:
    """A variable: `type` and `default` as HCL has them; no `default` makes it required."""

    name: str
    description: str
    type: str
    default: str | None
    is_sensitive: bool

    @property
    def summary(self) -> str:
        """The first paragraph of the description, as one line."""
        return " ".join(self.description.split("\n\n")[0].split())

    @property
    def details(self) -> str:
        """The other paragraphs, as they were written."""
        return "\n\n".join(self.description.split("\n\n")[1:])

    @property
    def is_long(self) -> bool:
        """Whether a row of a table is too small for it."""
        return bool(self.details) or any("\n" in hcl for hcl in (self.type, self.default or ""))


@dataclass(frozen=True)
class Output:
    """An output and what it says of itself."""

    name: str
    description: str
    is_sensitive: bool


@dataclass(frozen=True)
class Module:
    """What a module takes and gives, in the order of its files; `requirements` by tool."""

    requirements: dict[str, str]
    inputs: list[Input]
    outputs: list[Output]


def documents(root: Path = ROOT) -> dict[Path, Path]:
    """By the file that holds its tables, the folder of each module."""
    folders = {path.parent for path in root.glob("modules/*/*.tf")}
    return {
        root / "docs/reference.md": root,
        **{folder / "README.md": folder for folder in sorted(folders)},
    }


def read_module(folder: Path) -> Module:
    """Raises `DocsError` for a file that is not HCL, and for what has no description."""
    requirements: dict[str, str] = {}
    inputs, outputs = [], []
    # By stem, for variables.tf comes before variables-more.tf.
    for path in sorted(folder.glob("*.tf"), key=lambda path: path.stem):
        for labels, body, attributes in _blocks(path):
            if labels[0] == "terraform":
                requirements |= _requirements(body)
            elif labels[0] == "variable":
                inputs.append(_input(labels[1], attributes, path))
            elif labels[0] == "output":
                outputs.append(_output(labels[1], attributes, path))
    return Module(requirements, inputs, outputs)


def _blocks(path: Path) -> Iterator[tuple[list[str], str, dict[str, str]]]:
    """Each outermost block of a file: its labels, its text and its attributes, which are HCL."""
    source = path.read_text()
    try:
        tree = hcl2.parses_to_tree(source)
    except LarkError as error:
        raise DocsError(f"{path} is not HCL that can be read: {error}") from error

    def text(node: Tree[Token]) -> str:
        return source[node.meta.start_pos : node.meta.end_pos].strip()

    for block in _children(tree.children[0], "block"):
        labels = [text(label).strip('"') for label in _children(block, "identifier", "string")]
        attributes = {}
        for attribute in _children(_children(block, "body")[0], "attribute"):
            name, *_, value = (part for part in attribute.children if isinstance(part, Tree))
            attributes[text(name)] = text(value)
        yield labels, text(block), attributes


def _children(node: Tree[Token] | Token, *kinds: str) -> list[Tree[Token]]:
    """Those of the node's own children that are of one of `kinds`."""
    children = node.children if isinstance(node, Tree) else []
    return [child for child in children if isinstance(child, Tree) and child.data in kinds]


def _requirements(block: str) -> dict[str, str]:
    plain = hcl2.SerializationOptions(strip_string_quotes=True, explicit_blocks=False)
    terraform = hcl2.loads(block, serialization_options=plain)["terraform"][0]
    requirements = {}
    if "required_version" in terraform:
        requirements["Terraform"] = terraform["required_version"]
    for providers in terraform.get("required_providers", []):
        for provider in providers.values():
            requirements[f"provider `{provider['source']}`"] = provider["version"]
    return requirements


def _input(name: str, attributes: dict[str, str], path: Path) -> Input:
    return Input(
        name=name,
        description=_description(name, attributes, path),
        type=_outdented(attributes.get("type", "any")),
        default=_outdented(attributes["default"]) if "default" in attributes else None,
        is_sensitive=attributes.get("sensitive") == "true",
    )


def _output(name: str, attributes: dict[str, str], path: Path) -> Output:
    return Output(
        name=name,
        description=" ".join(_description(name, attributes, path).split()),
        is_sensitive=attributes.get("sensitive") == "true",
    )


def _description(name: str, attributes: dict[str, str], path: Path) -> str:
    hcl = attributes.get("description", '""')
    if hcl.startswith("<<"):
        text = "\n".join(hcl.splitlines()[1:-1])
        text = textwrap.dedent(text) if hcl.startswith("<<-") else text
    else:
        text = json.loads(hcl)
    if not text.strip():
        raise DocsError(f"Give `{name}` in {path} a description.")
    return str(text).replace("$${", "${").replace("%%{", "%{").strip()


def _outdented(hcl: str) -> str:
    """An expression that begins in mid-line, as if it began at the margin."""
    first, newline, rest = hcl.partition("\n")
    return first + newline + textwrap.dedent(rest)


def render(module: Module) -> str:
    """The module's requirements, inputs and outputs, in Markdown."""
    needs = [f"{tool} `{constraint}`" for tool, constraint in module.requirements.items()]
    parts = [
        f"Requires {' and '.join(needs)}." if needs else "",
        "## Inputs",
        _table(
            ("Name", "Description", "Type", "Default", "Required"),
            (_input_row(variable) for variable in module.inputs),
        ),
        *(_details(variable) for variable in module.inputs if variable.is_long),
        "## Outputs",
        _table(
            ("Name", "Description"),
            (
                (f"`{output.name}`", _noting(output.description, output.is_sensitive))
                for output in module.outputs
            ),
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def _input_row(variable: Input) -> tuple[str, ...]:
    name = f"`{variable.name}`"
    return (
        # GitHub's anchor of the heading that `_details` writes.
        f"[{name}](#input-{variable.name.lower()})" if variable.is_long else name,
        _noting(variable.summary, variable.is_sensitive),
        f"`{_short(variable.type)}`",
        "" if variable.default is None else f"`{_short(variable.default)}`",
        "yes" if variable.default is None else "no",
    )


def _noting(description: str, is_sensitive: bool) -> str:
    return f"{description} *Sensitive.*" if is_sensitive else description


def _short(hcl: str) -> str:
    """An expression of several lines as one: `map(object({ ... }))` for what begins so."""
    if "\n" not in hcl:
        return hcl
    lines = hcl.splitlines()
    return f"{lines[0]} ... {lines[-1]}"


def _details(variable: Input) -> str:
    """What the table has no room for, under a heading of its own."""
    parts = [f"### Input `{variable.name}`", variable.details]
    if "\n" in variable.type:
        parts.append(_folded("Type", variable.type))
    if "\n" in (variable.default or ""):
        parts.append(_folded("Default", str(variable.default)))
    return "\n\n".join(part for part in parts if part)


def _folded(title: str, hcl: str) -> str:
    return f"<details><summary>{title}</summary>\n\n```hcl\n{hcl}\n```\n\n</details>"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    if not lines:
        return "None."
    return "\n".join(
        f"| {' | '.join(cells)} |" for cells in (columns, ["---"] * len(columns), *lines)
    )


def documented(readme: Path, module: Path) -> str:
    """The text of `readme` with the tables of the module as it is now.

    Raises `DocsError` if there is no such file, or no place for them in it.
    """
    text = readme.read_text() if readme.is_file() else ""
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not (begin and end):
        raise DocsError(f"Give {readme} the lines {BEGIN} and {END}: the tables go between them.")
    return f"{before}{begin}\n{render(read_module(module))}\n\n{end}{after}"


def write(root: Path = ROOT) -> None:
    """Bring the tables of every module up to date."""
    for readme, module in documents(root).items():
        text = documented(readme, module)
        if text != readme.read_text():
            readme.write_text(text)


def check(root: Path = ROOT) -> None:
    """Raises `DocsError` that names the files whose tables are not those of the modules."""
    stale = [
        str(readme.relative_to(root))
        for readme, module in documents(root).items()
        if documented(readme, module) != readme.read_text()
    ]
    if stale:
        raise DocsError(f"The tables in {', '.join(stale)} are not current: run `make docs`.")


def main(arguments: Sequence[str]) -> None:
    """`write` or `check`; a `DocsError` goes to stderr, with exit code 1."""
    parser = argparse.ArgumentParser(description="The tables of inputs and outputs in the READMEs.")
    parser.add_argument("task", choices=("write", "check"))
    try:
        {"write": write, "check": check}[parser.parse_args(arguments).task]()
    except DocsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
