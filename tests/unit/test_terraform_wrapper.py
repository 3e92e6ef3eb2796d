"""`scripts/terraform.py`: where the provider comes from, and which Terraform is good enough."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import terraform
from terraform import (
    PROVIDER,
    ROOT,
    TerraformError,
    check_terraform,
    find_mirror,
    required_version,
    run,
    terraform_environment,
)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of a machine without any mirror, with a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    opt = tmp_path / "opt"
    opt.mkdir()
    monkeypatch.setattr(terraform, "SYSTEM_FOLDERS", opt)
    return {"HOME": str(home), "XDG_DATA_DIRS": str(tmp_path / "share"), "PATH": str(tmp_path)}


def _mirror(folder: Path) -> Path:
    (folder / PROVIDER).mkdir(parents=True)
    return folder


def _terraform(folder: Path, script: str) -> None:
    path = folder / "terraform"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_named_mirror_comes_first(tmp_path: Path, bare: dict[str, str]) -> None:
    _mirror(Path(bare["HOME"]) / ".terraform.d/plugins")
    named = _mirror(tmp_path / "named")
    assert find_mirror({**bare, "TF_PLUGIN_MIRROR": str(named)}) == named


def test_named_mirror_must_hold_the_provider(tmp_path: Path, bare: dict[str, str]) -> None:
    with pytest.raises(TerraformError, match=r"TF_PLUGIN_MIRROR is .* holds no .*hashicorp/aws"):
        find_mirror({**bare, "TF_PLUGIN_MIRROR": str(tmp_path)})


def test_usual_places_come_in_order(tmp_path: Path, bare: dict[str, str]) -> None:
    assert find_mirror(bare) is None
    home = Path(bare["HOME"])
    for place in (
        tmp_path / "opt/plugins",
        tmp_path / "share/terraform/plugins",
        home / ".local/share/terraform/plugins",
        home / ".terraform.d/plugins",
    ):
        mirror = _mirror(place)
        assert find_mirror(bare) == mirror


def test_mirror_is_configured(tmp_path: Path, bare: dict[str, str]) -> None:
    own = tmp_path / "own.rc"
    own.touch()
    mirror = _mirror(tmp_path / "a mirror")
    settings = terraform_environment(
        tmp_path / "kept",
        {**bare, "TF_PLUGIN_MIRROR": str(mirror), "TF_CLI_CONFIG_FILE": str(own)},
    )
    configuration = Path(settings["TF_CLI_CONFIG_FILE"]).read_text()
    assert configuration.count(f'"{PROVIDER}"') == 2
    assert f'path    = "{mirror}"' in configuration
    assert own.read_text() == ""


def test_without_a_mirror_the_callers_configuration_stands(
    tmp_path: Path, bare: dict[str, str]
) -> None:
    own = tmp_path / "own.rc"
    own.touch()
    settings = terraform_environment(tmp_path, {**bare, "TF_CLI_CONFIG_FILE": str(own)})
    assert settings["TF_CLI_CONFIG_FILE"] == str(own)


def test_missing_configuration_is_ignored(tmp_path: Path, bare: dict[str, str]) -> None:
    named = {**bare, "TF_CLI_CONFIG_FILE": str(tmp_path / "gone.rc")}
    assert "TF_CLI_CONFIG_FILE" not in terraform_environment(tmp_path, named)


def test_required_version_is_that_of_every_module() -> None:
    stated = f'required_version = ">= {".".join(map(str, required_version()))}"'
    files = [*ROOT.glob("versions.tf"), *ROOT.glob("modules/*/versions.tf")]
    assert len(files) > 1
    assert [path for path in files if stated not in path.read_text()] == []


def test_terraform_must_be_there(bare: dict[str, str]) -> None:
    with pytest.raises(TerraformError, match="not on PATH: install"):
        check_terraform(bare)


def test_terraform_must_not_be_too_old(tmp_path: Path, bare: dict[str, str]) -> None:
    _terraform(tmp_path, """echo '{"terraform_version": "1.8.5"}'""")
    with pytest.raises(TerraformError, match=r"1\.8\.5 is too old"):
        check_terraform(bare)


def test_later_terraform_will_do(tmp_path: Path, bare: dict[str, str]) -> None:
    _terraform(tmp_path, """echo '{"terraform_version": "1.10.0-beta1"}'""")
    check_terraform(bare)


def test_lines_are_told_as_they_come(tmp_path: Path, bare: dict[str, str]) -> None:
    _terraform(tmp_path, "echo $1; echo two")
    told: list[str] = []
    assert run(["one"], bare, told.append) == "one\ntwo\n"
    assert told == ["one", "two"]


def test_failure_says_what_terraform_said(tmp_path: Path, bare: dict[str, str]) -> None:
    _terraform(tmp_path, "echo 'Error: no bucket' >&2; exit 1")
    with pytest.raises(TerraformError, match=r"^terraform apply failed:\nError: no bucket$"):
        run(["-chdir=x", "apply", "-auto-approve"], bare)


def test_interrupted_terraform_may_write_its_state(tmp_path: Path, bare: dict[str, str]) -> None:
    state = tmp_path / "state"
    _terraform(
        tmp_path,
        f"trap 'echo written > {state}; exit 1' TERM\necho started\nwhile :; do :; done",
    )

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(["apply"], bare, interrupt)
    assert state.read_text() == "written\n"


def test_command_becomes_terraform(tmp_path: Path, bare: dict[str, str]) -> None:
    _terraform(
        tmp_path,
        'if [ "$1" = version ]; then echo \'{"terraform_version": "1.9.0"}\'; else echo $*; fi',
    )
    command = [sys.executable, str(ROOT / "scripts/terraform.py"), "-chdir=modules", "plan"]
    bare["TF_PLUGIN_MIRROR"] = str(_mirror(tmp_path / "mirror"))
    done = subprocess.run(command, env=bare, capture_output=True, text=True, check=True)
    assert done.stdout == "-chdir=modules plan\n"


def test_command_says_what_is_missing(bare: dict[str, str]) -> None:
    command = [sys.executable, str(ROOT / "scripts/terraform.py"), "plan"]
    done = subprocess.run(command, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Terraform is not on PATH" in done.stderr
