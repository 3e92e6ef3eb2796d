"""The workflows of GitHub Actions: what they may do, and that what they name exists."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from terraform import ROOT

TEXTS = {path.name: path.read_text() for path in sorted(ROOT.glob(".github/workflows/*.yml"))}
WORKFLOWS: dict[str, dict[Any, Any]] = {
    name: msgspec.yaml.decode(text) for name, text in TEXTS.items()
}
JOBS: dict[tuple[str, str], dict[str, Any]] = {
    (name, job): content
    for name, workflow in WORKFLOWS.items()
    for job, content in workflow["jobs"].items()
}
# Those that run here, not in a workflow that they call.
RUNNING = {at: job for at, job in JOBS.items() if "steps" in job}
STEPS = [(at, step) for at, job in RUNNING.items() for step in job["steps"]]
SCRIPTS = [(at, step["run"]) for at, step in STEPS if "run" in step]
USES = [
    (name, used)
    for name, text in TEXTS.items()
    for used in re.findall(r"^\s*(?:- )?uses: (.+)$", text, re.MULTILINE)
]
ENVIRONMENTS = {path.parent.name for path in ROOT.glob("environments/*/backend.hcl.example")}
# YAML 1.1 takes the word `on` for true.
ON = True
# What each job may do beyond reading the repository.
GRANTED = {
    ("apply.yml", "dev"): {"id-token"},
    ("apply.yml", "prod"): {"id-token"},
    ("deploy.yml", "apply"): {"id-token"},
    ("deploy.yml", "plan"): {"id-token"},
    ("plan.yml", "comment"): {"pull-requests"},
    ("plan.yml", "plan"): {"id-token"},
    ("release.yml", "release"): {"attestations", "contents", "id-token"},
    ("terraform-plan.yml", "plan"): {"id-token"},
}


@pytest.mark.parametrize(("name", "used"), USES)
def test_actions_are_pinned_by_commit(name: str, used: str) -> None:
    if used.startswith("./"):
        assert "workflow_call" in WORKFLOWS[Path(used).name][ON]
        assert (ROOT / used).is_file()
    else:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), name


def test_an_action_has_one_version() -> None:
    pins = {used for _, used in USES if not used.startswith("./")}
    assert pins
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@pytest.mark.parametrize("name", TEXTS)
def test_no_keys_are_kept(name: str) -> None:
    assert not re.search(r"secrets\.|access.key|secret.key", TEXTS[name], re.IGNORECASE)


@pytest.mark.parametrize("at", JOBS, ids="-".join)
def test_jobs_may_do_what_they_must_and_no_more(at: tuple[str, str]) -> None:
    assert WORKFLOWS[at[0]]["permissions"] == {}
    rights = set(JOBS[at]["permissions"].items())
    assert {scope for scope, access in rights if access == "write"} == GRANTED.get(at, set())
    assert {right for right in rights if right[1] != "write"} <= {("contents", "read")}


@pytest.mark.parametrize("at", RUNNING, ids="-".join)
def test_jobs_stop_in_time_and_at_a_failure(at: tuple[str, str]) -> None:
    assert JOBS[at]["timeout-minutes"] <= 90
    assert WORKFLOWS[at[0]]["defaults"]["run"]["shell"] == "bash -euo pipefail {0}"


def test_checkouts_leave_no_token_behind() -> None:
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(("at", "script"), SCRIPTS)
def test_scripts_take_values_as_variables(at: tuple[str, str], script: str) -> None:
    """An expression within a script would let a branch's name or a title be run."""
    assert "${{" not in script


@pytest.mark.parametrize(("at", "script"), SCRIPTS)
def test_what_scripts_call_exists(at: tuple[str, str], script: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^\s*make ([a-z-]+)", script, re.MULTILINE)) <= targets
    for path in re.findall(r"\b(?:scripts|docs|layers|tests)/[\w./-]+", script):
        assert (ROOT / path).is_file(), path


@pytest.mark.parametrize("name", TEXTS)
def test_what_comments_point_to_exists(name: str) -> None:
    for path in re.findall(r"\bdocs/[\w.-]+\.md", TEXTS[name]):
        assert (ROOT / path).is_file(), path


def test_the_same_environments_are_planned_and_applied() -> None:
    planned = JOBS["plan.yml", "plan"]["strategy"]["matrix"]["include"]
    applied = [
        job["with"]["environment"]
        for (name, _), job in JOBS.items()
        if name == "apply.yml" and job["uses"].endswith("/deploy.yml")
    ]
    assert {entry["environment"] for entry in planned} == set(applied) == ENVIRONMENTS


def test_forks_get_no_role() -> None:
    guard = "github.event.pull_request.head.repo.full_name == github.repository"
    jobs = WORKFLOWS["plan.yml"]["jobs"]
    assert guard in jobs["build"]["if"]
    assert [jobs[job].get("needs") for job in ("build", "plan", "comment")] == [
        None,
        "build",
        "plan",
    ]


def test_only_an_apply_is_known_by_its_environment() -> None:
    """A role's trust tells it from a plan by that."""
    known = {at: job["environment"] for at, job in JOBS.items() if "environment" in job}
    assert known == {("deploy.yml", "apply"): "${{ inputs.environment }}"}


def test_prod_comes_after_dev_and_an_apply_after_its_plan() -> None:
    assert JOBS["apply.yml", "prod"]["needs"] == "dev"
    assert JOBS["deploy.yml", "apply"]["needs"] == "plan"


def test_one_terraform_plans_and_applies_and_is_new_enough() -> None:
    (used,) = {
        step["with"]["terraform_version"]
        for _, step in STEPS
        if "hashicorp/setup-terraform@" in step.get("uses", "")
    }
    for environment in ENVIRONMENTS:
        stated = (ROOT / "environments" / environment / "versions.tf").read_text()
        (wanted,) = re.findall(r'required_version = ">= (\d+)\.(\d+)"', stated)
        assert tuple(map(int, used.split(".")[:2])) >= tuple(map(int, wanted))


def test_what_is_planned_is_what_is_applied() -> None:
    def commands(target: str) -> str:
        words = [
            "make",
            "--dry-run",
            target,
            "ENV=prod",
            "PLAN_OPTIONS=-lock=false",
        ]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "-chdir=environments/prod plan" in commands("plan")
    assert "-out=../../build/prod.tfplan -lock=false" in commands("plan")
    assert re.search(
        r"-chdir=environments/prod apply .*\.\./\.\./build/prod\.tfplan$", commands("apply"), re.M
    )
    for target in ("plan", "apply"):
        assert "init -input=false -backend-config=backend.hcl" in commands(target)


def test_both_architectures_are_released() -> None:
    architectures = JOBS["release.yml", "build"]["strategy"]["matrix"]["architecture"]
    assert sorted(architectures) == ["arm64", "x86_64"]


def _script(at: tuple[str, str], name: str) -> str:
    (script,) = [step["run"] for step in JOBS[at]["steps"] if step.get("name") == name]
    return str(script)


def _run(script: str, folder: Path, **variables: str) -> str:
    words = ["bash", "-euo", "pipefail", "-c", script]
    ran = subprocess.run(
        words, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize(
    ("mine", "path"), [("", "issues/7/comments"), ("31", "issues/comments/31")]
)
def test_a_pull_request_has_one_comment(tmp_path: Path, mine: str, path: str) -> None:
    (tmp_path / "build").mkdir()
    long = "+ a bucket\n\nPlan: 3 to add, 0 to change.\n" + "x" * 70_000
    (tmp_path / "build/dev.txt").write_text(long)
    # Cut off in the middle of a character.
    (tmp_path / "build/prod.txt").write_text("x" * 29_999 + "ü" * 20_000)
    gh = tmp_path / "gh"
    gh.write_text(
        '#!/bin/sh\ncase "$*" in *--paginate*) echo "$MINE";; *) echo "$*" >>asked;; esac\n'
    )
    gh.chmod(0o755)
    _run(
        _script(("plan.yml", "comment"), "Write the comment"),
        tmp_path,
        PATH=f"{tmp_path}:{os.environ['PATH']}",
        REPOSITORY="us/shop",
        NUMBER="7",
        RUN="https://example.com/run",
        MINE=mine,
    )
    (asked,) = (tmp_path / "asked").read_text().splitlines()
    assert f" repos/us/shop/{path} " in f"{asked} "
    assert ("--method PATCH" in asked) == bool(mine)
    comment = (tmp_path / "comment.md").read_text("utf-8")
    assert comment.startswith("<!-- terraform plan -->\n")
    assert "dev: Plan: 3 to add, 0 to change." in comment
    assert "+ a bucket" in comment
    assert len(comment) < 65_536


def test_a_release_has_a_file_for_each_architecture(tmp_path: Path) -> None:
    names = ["image-processor.zip", "image-processor.zip.json"]
    for architecture in ("arm64", "x86_64"):
        folder = tmp_path / f"artifacts-{architecture}"
        folder.mkdir()
        for name in names:
            (folder / name).write_text(architecture)
    script = _script(
        ("release.yml", "release"), "Pack what goes into a folder for `artifacts.directory`"
    )
    _run(script, tmp_path)
    for architecture in ("arm64", "x86_64"):
        unpack = (
            f"tar --extract --to-stdout --file artifacts-{architecture}.tar image-processor.zip"
        )
        assert _run(unpack, tmp_path) == architecture
        assert _run(f"tar --list --file artifacts-{architecture}.tar", tmp_path).split() == names
