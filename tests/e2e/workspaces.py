"""A workspace with forty-odd resources of its own, for the module to plug into."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.clients import Clients
from demo.roots import Root
from e2e.workspace_readings import Readings, read_its_own, read_lists
from local_aws.process import LocalAwsProcess

SOURCE = Path(__file__).with_name("workspace")
BUILD = Path("build")


@dataclass(frozen=True)
class Workspace(Clients):
    """The applied workspace, its outputs by name, and clients to use it with."""

    aws: LocalAwsProcess
    folder: Path
    root: Root
    outputs: dict[str, Any]
    its_own: Readings
    lists: Readings
    """What AWS said of it, and of the account, once it was applied."""

    def example(self, source: Path, variables: Mapping[str, object]) -> Root:
        """Another root in the same account, with a state of its own under the name of `source`."""
        return Root(source, self.folder / source.name, self.endpoint, variables)


@contextmanager
def applied(folder: Path, variables: Mapping[str, object]) -> Iterator[Workspace]:
    """The workspace in an embedded AWS of its own; `folder` is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with LocalAwsProcess(folder / "aws") as aws:
        root = Root(SOURCE, folder / "workspace", aws.endpoint, variables)
        outputs = root.apply()
        access = Clients(aws.endpoint).access
        yield Workspace(
            aws.endpoint, aws, folder, root, outputs, read_its_own(access), read_lists(access)
        )


def assert_untouched(
    workspace: Workspace, *, alone: bool = False, except_for: Collection[str] = ()
) -> None:
    """Neither Terraform nor AWS itself finds anything of the workspace changed.

    `except_for` names readings that may differ, such as `iam list_user_policies acme-web`. With
    `alone` there is also nothing in the account that was not there before.
    """
    plan = workspace.root.plan()
    assert plan.is_empty, f"the workspace's own plan is not empty: {plan}"
    before, now = workspace.its_own, read_its_own(workspace.access)
    if alone:
        before, now = before | workspace.lists, now | read_lists(workspace.access)
    changed = {
        name: {"before": before[name], "now": now[name]}
        for name in before
        if name not in except_for and now[name] != before[name]
    }
    assert not changed, f"AWS says otherwise: {json.dumps(changed, indent=2, default=str)}"


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    # Each of several test processes has its own.
    folder = BUILD / f"test-workspace{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    with applied(folder, {}) as made:
        yield made
