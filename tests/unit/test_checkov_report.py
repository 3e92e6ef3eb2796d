"""`scripts/checkov_report.py`: what is counted, and that nothing found is not taken for nothing
wrong.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checkov_report import CheckovError, scan, summary


def _check(name: str, path: str = "/modules/site/main.tf", resource: str = "") -> dict[str, Any]:
    return {
        "check_id": name,
        "check_name": "Ensure it is right",
        "repo_file_path": path,
        "file_line_range": [4, 9],
        "resource": resource,
    }


def _report(**found: list[Any]) -> dict[str, Any]:
    nothing: dict[str, list[Any]] = {
        "passed_checks": [],
        "failed_checks": [],
        "skipped_checks": [],
        "parsing_errors": [],
    }
    return {"results": nothing | found}


def _checkov(folder: Path, script: str) -> Path:
    path = folder / "checkov"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_finding_in_a_module_counts_once() -> None:
    report = _report(
        passed_checks=[_check("A", resource="module.one.this"), _check("B")],
        skipped_checks=[_check("C", resource=f"module.{name}.this") for name in ("one", "two")],
    )
    assert summary(report) == "checkov: 2 passed, 0 failed, 1 skipped"


def test_failures_are_named() -> None:
    report = _report(
        passed_checks=[_check("A")],
        failed_checks=[_check("C"), _check("B", "/main.tf"), _check("C")],
    )
    with pytest.raises(CheckovError) as raised:
        summary(report)
    assert str(raised.value).splitlines() == [
        "checkov: 1 passed, 2 failed, 0 skipped",
        "main.tf:4: B Ensure it is right",
        "modules/site/main.tf:4: C Ensure it is right",
    ]


def test_file_that_cannot_be_read_is_a_failure() -> None:
    report = _report(passed_checks=[_check("A")], parsing_errors=["/main.tf"])
    with pytest.raises(CheckovError, match=r"^checkov: 1 passed.*\n/main\.tf: not read$"):
        summary(report)


def test_scan_ignores_that_checkov_fails_for_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "scripts")
    report = json.dumps(_report(failed_checks=[_check("A")]))
    checkov = _checkov(tmp_path, f"[ -z \"$PYTHONPATH\" ] && echo '{report}'; exit 1")
    assert scan(checkov, tmp_path) == json.loads(report)


def test_scan_of_nothing_is_a_failure(tmp_path: Path) -> None:
    checkov = _checkov(tmp_path, """echo '{"passed": 0, "failed": 0}'""")
    with pytest.raises(CheckovError, match="found no Terraform"):
        scan(checkov, tmp_path)


def test_crash_is_told_in_checkovs_own_words(tmp_path: Path) -> None:
    checkov = _checkov(tmp_path, "echo unknown option >&2; exit 2")
    with pytest.raises(CheckovError, match=r"^checkov failed:\nunknown option$"):
        scan(checkov, tmp_path)
