"""Terraform roots, applied to an embedded AWS that they know nothing of."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import terraform
from demo.clients import CREDENTIALS, REGION


@dataclass(frozen=True)
class Plan:
    """What Terraform would do: the addresses of resources, and the names of outputs."""

    add: list[str]
    change: list[str]
    destroy: list[str]
    outputs: list[str]
    """Those whose value would change."""

    @property
    def counts(self) -> tuple[int, int, int]:
        """As Terraform sums up: to add, to change, to destroy; what is replaced is in two."""
        return len(self.add), len(self.change), len(self.destroy)

    @property
    def is_empty(self) -> bool:
        """Whether an apply would do nothing at all."""
        return not any((*self.counts, self.outputs))


class Root:
    """A Terraform root and its state in an embedded AWS, which others may share.

    `source` is the root's folder. `folder` holds its state and what Terraform keeps of it, and
    must be its own. `variables` are the root's by name, each a text or what JSON can say. All
    methods raise `terraform.TerraformError`.
    """

    def __init__(
        self, source: Path, folder: Path, endpoint: str, variables: Mapping[str, object]
    ) -> None:
        self._source = source
        self._folder = folder.resolve()
        self._environment = terraform.terraform_environment(
            folder / "terraform", _environment(endpoint)
        )
        self._state = f"-state={self._folder / 'terraform.tfstate'}"
        self._options = [
            "-input=false",
            self._state,
            *(f"-var={name}={_text(value)}" for name, value in variables.items()),
        ]
        self._is_ready = False

    def apply(self, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
        """Create or change everything; the answer is the root's outputs by name."""

        def say_progress(line: str) -> None:
            if made := re.match(r"(\S+): Creation complete after (\w+)", line):
                address = made[1].removeprefix("module.media.").replace("module.", "")
                say(f"  {address}  {made[2]}")
            elif line.startswith(("Plan:", "Apply complete")):
                say(line)

        self._initialise(say)
        say("terraform apply")
        self._run("apply", "-auto-approve", *self._options, on_line=say_progress)
        outputs = json.loads(self._run("output", "-json", self._state))
        return {name: output["value"] for name, output in outputs.items()}

    def plan(self) -> Plan:
        """What an apply would do now, after a look at what is there."""
        self._initialise()
        saved = str(self._folder / "saved.tfplan")
        self._run("plan", f"-out={saved}", *self._options)
        planned = json.loads(self._run("show", "-json", saved))
        resources = planned.get("resource_changes", ())

        def those_to(action: str) -> list[str]:
            return [one["address"] for one in resources if action in one["change"]["actions"]]

        return Plan(
            add=those_to("create"),
            change=those_to("update"),
            destroy=those_to("delete"),
            outputs=[
                name
                for name, change in planned.get("output_changes", {}).items()
                if change["actions"] != ["no-op"]
            ],
        )

    def destroy(self) -> None:
        """Destroy all that the state holds."""
        self._initialise()
        self._run("destroy", "-auto-approve", *self._options)

    def resources(self) -> list[str]:
        """The addresses of what the state holds, without what is only looked up."""
        listed = self._run("state", "list", self._state).split()
        return [address for address in listed if not re.search(r"(^|\.)data\.", address)]

    def _initialise(self, say: Callable[[str], None] = lambda _: None) -> None:
        if not self._is_ready:
            terraform.check_terraform(self._environment)
            say("terraform init")
            self._run("init", "-input=false", "-reconfigure")
            self._is_ready = True

    def _run(
        self, command: str, *arguments: str, on_line: Callable[[str], None] | None = None
    ) -> str:
        words = [f"-chdir={self._source}", *command.split(), *arguments]
        return terraform.run(words, self._environment, on_line)


def _environment(endpoint: str) -> dict[str, str]:
    """The caller's, but with access to the embedded AWS and nothing else."""
    own = {
        name: value
        for name, value in os.environ.items()
        # Of the folder for Terraform's own files, each root needs one for itself.
        if not name.startswith("AWS_") and name != "TF_DATA_DIR"
    }
    access = {name.upper(): value for name, value in CREDENTIALS.items()}
    return {
        **own,
        **access,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "TF_CLI_ARGS": "-no-color",
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
