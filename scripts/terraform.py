"""Terraform with a provider that this machine already holds, where it holds one.

    python scripts/terraform.py -chdir=environments/local init
    python scripts/terraform.py validate-all

What Terraform keeps of a folder goes to `build/terraform`, so that the folder stays clean.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
PROVIDER = "registry.terraform.io/hashicorp/aws"
SYSTEM_FOLDERS = Path("/opt")


class TerraformError(Exception):
    """Terraform is missing, too old, or has failed; says which in a sentence for a person."""


def terraform_environment(
    folder: Path, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The variables under which Terraform finds its provider and keeps its own files in `folder`.

    With a mirror on the machine the provider comes from there and nothing is asked of a registry;
    with none, the caller's own configuration stands. Raises `TerraformError` if
    `TF_PLUGIN_MIRROR` names a folder without the provider.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = dict(environment)
    settings.setdefault("TF_DATA_DIR", str(folder.resolve() / "data"))
    settings["TF_IN_AUTOMATION"] = settings["CHECKPOINT_DISABLE"] = "1"
    if mirror := find_mirror(environment):
        configuration = folder.resolve() / "terraform.rc"
        configuration.write_text(_configuration_for(mirror))
        settings["TF_CLI_CONFIG_FILE"] = str(configuration)
    elif not Path(settings.get("TF_CLI_CONFIG_FILE", "")).is_file():
        settings.pop("TF_CLI_CONFIG_FILE", None)
    return settings


def find_mirror(environment: Mapping[str, str]) -> Path | None:
    """The first folder of this machine that holds the AWS provider unpacked, if there is one."""
    if named := environment.get("TF_PLUGIN_MIRROR"):
        if not (Path(named) / PROVIDER).is_dir():
            raise TerraformError(f"TF_PLUGIN_MIRROR is {named}, which holds no {PROVIDER}.")
        return Path(named)
    return next((path for path in _usual_places(environment) if (path / PROVIDER).is_dir()), None)


def _usual_places(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where Terraform itself looks (its "implied local mirrors"), then the folders of /opt."""
    home = Path(environment.get("HOME") or Path.home())
    yield home / ".terraform.d/plugins"
    yield home / "Library/Application Support/io.terraform/plugins"
    yield Path("/Library/Application Support/io.terraform/plugins")
    shared = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = environment.get("XDG_DATA_HOME") or home / ".local/share"
    for path in (own, *filter(None, shared.split(":"))):
        yield Path(path) / "terraform/plugins"
    yield from sorted(path for path in SYSTEM_FOLDERS.glob("*") if path.is_dir())


def _configuration_for(mirror: Path) -> str:
    return f"""\
provider_installation {{
  filesystem_mirror {{
    path    = {json.dumps(str(mirror.resolve()))}
    include = ["{PROVIDER}"]
  }}
  direct {{
    exclude = ["{PROVIDER}"]
  }}
}}
"""


def check_terraform(environment: Mapping[str, str]) -> None:
    """Raises `TerraformError` unless a Terraform that the module accepts is on `PATH`."""
    required = required_version()
    wanted = ".".join(map(str, required))
    if shutil.which("terraform", path=environment.get("PATH")) is None:
        raise TerraformError(
            f"Terraform is not on PATH: install its CLI, version {wanted} or later."
        )
    found = str(json.loads(run(["version", "-json"], environment))["terraform_version"])
    if tuple(int(number) for number in re.findall(r"\d+", found)[:2]) < required:
        raise TerraformError(f"Terraform {found} is too old: install version {wanted} or later.")


def required_version() -> tuple[int, ...]:
    """The oldest Terraform that the module accepts, as its `versions.tf` says: (major, minor)."""
    stated = re.search(r'required_version = ">= (\d+)\.(\d+)"', (ROOT / "versions.tf").read_text())
    if stated is None:
        raise TerraformError('versions.tf states no `required_version = ">= X.Y"`.')
    return tuple(int(number) for number in stated.groups())


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    on_line: Callable[[str], None] | None = None,
) -> str:
    """Run Terraform; returns what it printed, each line of which `on_line` is told as it comes.

    Raises `TerraformError` with what Terraform said was wrong. An exception meanwhile, such as
    Ctrl-C, stops Terraform first, which then still writes its state.
    """
    lines = []
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            ["terraform", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            # A second signal makes Terraform drop its state: Ctrl-C must reach it through us only.
            start_new_session=True,
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                lines.append(line)
                if on_line:
                    on_line(line.rstrip("\n"))
            code = process.wait()
        except BaseException:
            _stop(process)
            raise
        if code:
            complaints.seek(0)
            command = " ".join(word for word in arguments if not word.startswith("-"))
            raise TerraformError(f"terraform {command} failed:\n{complaints.read().strip()}")
    return "".join(lines)


def _stop(process: subprocess.Popen[str]) -> None:
    # Not an interrupt, which what runs in a shell's background inherits as ignored.
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def roots() -> list[Path]:
    """The folders in which Terraform is run: the module itself, environments and examples."""
    files = (
        path
        for folder in ("", "environments/*/", "examples/*/")
        for path in ROOT.glob(f"{folder}versions.tf")
    )
    return sorted(path.parent for path in files)


def validate_all(environment: Mapping[str, str] = os.environ) -> None:
    """`terraform validate` in each of `roots()`; raises `TerraformError` for one that fails."""
    for root in roots():
        inside = f"-chdir={root}"
        settings = terraform_environment(_folder_of([inside]), environment)
        check_terraform(settings)
        run([inside, "init", "-backend=false", "-input=false", "-no-color"], settings)
        answer = run([inside, "validate", "-no-color"], settings)
        sys.stdout.write(f"{root.relative_to(ROOT)}: {answer.strip()}\n")


def _folder_of(arguments: Sequence[str]) -> Path:
    """A place under `build/terraform` for the folder in which Terraform is to run."""
    named = next((word[7:] for word in arguments if word.startswith("-chdir=")), ".")
    path = Path(named).resolve()
    inside = path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(*path.parts[1:])
    return ROOT / "build/terraform" / ("-".join(inside.parts) or "root")


def _become_terraform(arguments: Sequence[str]) -> NoReturn:
    environment = terraform_environment(_folder_of(arguments))
    check_terraform(environment)
    os.execvpe("terraform", ["terraform", *arguments], environment)  # noqa: S606


def main(arguments: Sequence[str]) -> None:
    """Terraform, or `validate-all`; a `TerraformError` goes to stderr, with exit code 1."""
    try:
        if arguments == ["validate-all"]:
            validate_all()
        else:
            _become_terraform(arguments)
    except TerraformError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
