"""`scripts/terraform_docs.py`: what it reads of a module, and that stale tables are found."""

from __future__ import annotations

import re
from pathlib import Path

import hcl2
import pytest

import terraform_docs
from terraform import ROOT
from terraform_docs import BEGIN, END, DocsError, check, main, read_module, render, write

VARIABLES = """
variable "name" {
  description = "What \\"it\\" is called, such as `a|b`."
  type        = string
  nullable    = false

  validation {
    condition     = var.name != "" && length(var.name) < 9
    error_message = "Write `name` in 1 to 8 characters."
  }
}

variable "rules" {
  description = <<-EOT
    Rules for browsers. Every
    attribute is optional.

    - `origins` (none): who may read,
      in full, such as `$${scheme}`.
  EOT
  type = map(object({
    origins = optional(list(string), []) # all
    seconds = optional(number, 3600)
  }))
  default  = {}
  nullable = false
}

variable "password" {
  description = "A secret."
  type        = string
  default     = null
  sensitive   = true
}
"""
OUTPUTS = """
locals {
  description = "Not an output."
}

output "url" {
  description = "Where it is."
  value       = "https://${var.name}"
}

output "token" {
  description = "Who may come in."
  value       = var.password
  sensitive   = true
}
"""
VERSIONS = """
terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A root module without variables, and one module whose README is current."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/reference.md").write_text(f"# Reference\n\n{BEGIN}\n{END}\n")
    module = tmp_path / "modules/site"
    module.mkdir(parents=True)
    (module / "variables.tf").write_text(VARIABLES)
    (module / "outputs.tf").write_text(OUTPUTS)
    (module / "versions.tf").write_text(VERSIONS)
    (module / "README.md").write_text(f"# site\n\nBefore.\n\n{BEGIN}\n{END}\n\nAfter.\n")
    write(tmp_path)
    return tmp_path


def _rows(markdown: str) -> dict[str, list[str]]:
    """The cells of each row, by the words of the first."""
    cells = [line.split(" | ") for line in markdown.splitlines() if line.startswith("| ")]
    return {row[0].strip("| `"): [cell.removesuffix(" |") for cell in row[1:]] for row in cells}


def test_inputs_say_all_that_a_caller_needs(project: Path) -> None:
    text = render(read_module(project / "modules/site"))
    rows = _rows(text)
    assert rows["name"] == [
        'What "it" is called, such as `a\\|b`.',
        "`string`",
        "",
        "yes",
    ]
    assert rows["password"] == ["A secret. *Sensitive.*", "`string`", "`null`", "no"]
    assert rows["[`rules`](#input-rules)"] == [
        "Rules for browsers. Every attribute is optional.",
        "`map(object({ ... }))`",
        "`{}`",
        "no",
    ]


def test_long_input_keeps_its_list_and_its_type_as_written(project: Path) -> None:
    text = render(read_module(project / "modules/site"))
    assert (
        "### Input `rules`\n\n- `origins` (none): who may read,\n  in full, such as `${scheme}`.\n"
        in text
    )
    assert (
        "```hcl\nmap(object({\n  origins = optional(list(string), []) # all\n"
        "  seconds = optional(number, 3600)\n}))\n```"
    ) in text
    assert "### Input `name`" not in text


def test_outputs_and_requirements(project: Path) -> None:
    text = render(read_module(project / "modules/site"))
    rows = _rows(text.split("## Outputs")[1])
    assert list(rows) == ["Name", "---", "url", "token"]
    assert rows["token"] == ["Who may come in. *Sensitive.*"]
    assert text.startswith("Requires Terraform `>= 1.9` and provider `hashicorp/aws` `>= 5.100`.\n")


def test_variables_of_the_main_file_come_first(tmp_path: Path) -> None:
    for file in ("variables", "variables-more"):
        (tmp_path / f"{file}.tf").write_text(
            f'variable "of_{file}" {{\n  description = "It."\n  type = string\n}}\n'
        )
    names = [variable.name for variable in read_module(tmp_path).inputs]
    assert names == ["of_variables", "of_variables-more"]


def test_readme_keeps_what_stands_around_the_tables(project: Path) -> None:
    text = (project / "modules/site/README.md").read_text()
    assert text.startswith(f"# site\n\nBefore.\n\n{BEGIN}\n\nRequires ")
    assert text.endswith(f"|\n\n{END}\n\nAfter.\n")


def test_written_tables_are_current(project: Path) -> None:
    check(project)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("variables.tf", "A secret.", "A password."),
        ("variables.tf", "  default     = null\n", ""),
        ("variables.tf", "optional(number, 3600)", "optional(number, 60)"),
        ("outputs.tf", 'output "url"', 'output "address"'),
        ("versions.tf", "5.100", "6.0"),
        ("README.md", "| no |", "| yes |"),
    ],
)
def test_check_names_the_readme_that_is_stale(project: Path, file: str, old: str, new: str) -> None:
    path = project / "modules/site" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(DocsError, match=r"^The tables in modules/site/README.md are not current"):
        check(project)
    write(project)
    check(project)


@pytest.mark.parametrize(
    ("file", "block"),
    [
        ("variables.tf", 'variable "mute" {\n  type = string\n}\n'),
        ("variables.tf", 'variable "mute" {\n  description = " "\n  type = string\n}\n'),
        ("outputs.tf", 'output "mute" {\n  value = 1\n}\n'),
    ],
)
def test_what_has_no_description_is_refused(project: Path, file: str, block: str) -> None:
    path = project / "modules/site" / file
    path.write_text(path.read_text() + block)
    with pytest.raises(DocsError, match=rf"^Give `mute` in .*/{file} a description\.$"):
        write(project)


def test_readme_without_a_place_for_the_tables_is_refused(project: Path) -> None:
    (project / "modules/site/README.md").write_text("# site\n")
    with pytest.raises(DocsError, match=r"^Give .*/modules/site/README.md the lines <!-- BEGIN"):
        check(project)
    (project / "modules/site/README.md").unlink()
    with pytest.raises(DocsError, match=r"^Give .*/modules/site/README.md the lines <!-- BEGIN"):
        check(project)


def test_broken_file_is_named(project: Path) -> None:
    (project / "modules/site/outputs.tf").write_text('output "url" {\n')
    with pytest.raises(DocsError, match=r"modules/site/outputs\.tf is not HCL that can be read"):
        check(project)


def test_command_exits_with_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def stale() -> None:
        raise DocsError("The tables in a.md are not current.")

    monkeypatch.setattr(terraform_docs, "check", stale)
    with pytest.raises(SystemExit) as ended:
        main(["check"])
    assert ended.value.code == "The tables in a.md are not current."


@pytest.mark.parametrize("folder", sorted(ROOT.glob("modules/*")), ids=lambda folder: folder.name)
def test_example_gives_what_the_module_requires(folder: Path) -> None:
    (example,) = re.findall(r"```hcl\n(module .*?)```", (folder / "README.md").read_text(), re.S)
    options = hcl2.SerializationOptions(strip_string_quotes=True, explicit_blocks=False)
    ((_, call),) = hcl2.loads(example, serialization_options=options)["module"][0].items()
    inputs = {variable.name: variable.default for variable in read_module(folder).inputs}
    required = {name for name, default in inputs.items() if default is None}
    assert required <= call.keys() - {"source"} <= inputs.keys()
