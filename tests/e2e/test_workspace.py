"""The workspace is what the examples take it for, and a change of it does not go unnoticed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from demo.artifacts_here import build_here
from demo.clients import REGION
from demo.deployment import variables_for
from e2e.application import Application
from e2e.workspaces import Workspace, assert_untouched
from e2e.workspaces import workspace as workspace

A_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}],
    }
)


def test_it_has_44_resources_and_nothing_to_do(workspace: Workspace) -> None:
    assert len(workspace.root.resources()) == 44
    assert_untouched(workspace, alone=True)


def test_a_replaced_notification_document_is_noticed(workspace: Workspace) -> None:
    bucket = workspace.outputs["bucket"]["name"]
    document: Any = workspace.s3.get_bucket_notification_configuration(Bucket=bucket)
    document.pop("ResponseMetadata")
    workspace.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    try:
        with pytest.raises(AssertionError, match=r"aws_s3_bucket_notification\.media"):
            assert_untouched(workspace)
    finally:
        workspace.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=document
        )
    assert_untouched(workspace)


def test_a_policy_that_terraform_does_not_see_is_noticed(workspace: Workspace) -> None:
    iam = boto3.client("iam", **workspace.access)
    role = {"RoleName": workspace.outputs["role"]["name"], "PolicyName": "more"}
    iam.put_role_policy(**role, PolicyDocument=A_POLICY)
    try:
        # Its own plan comes first, and finds nothing.
        with pytest.raises(AssertionError, match=r"AWS says.*\s.*iam list_role_policies acme"):
            assert_untouched(workspace)
        assert_untouched(workspace, except_for=["iam list_role_policies acme-media"])
    finally:
        iam.delete_role_policy(**role)


def test_another_root_has_a_state_of_its_own_and_leaves_nothing(
    workspace: Workspace, tmp_path: Path
) -> None:
    source = tmp_path / "another"
    source.mkdir()
    (source / "main.tf").write_text(
        """
        variable "names" {
          type = list(string)
        }

        resource "aws_cloudwatch_log_group" "this" {
          for_each = toset(var.names)
          name     = each.value
        }
        """
    )
    another = workspace.example(source, {"names": ["/another/a", "/another/b"]})
    assert another.plan().counts == (2, 0, 0)
    another.apply()
    assert len(another.resources()) == 2
    assert_untouched(workspace)
    with pytest.raises(AssertionError, match="/another/a"):
        assert_untouched(workspace, alone=True)
    another.destroy()
    assert_untouched(workspace, alone=True)


LARGE = """
provider "aws" {{ region = "{region}" }}

module "media" {{
  source       = "{source}"
  name         = "large"
  artifacts    = {{ directory = "{artifacts}", bucket = "acme-renditions" }}
  architecture = "{architecture}"
  runtime      = "{runtime}"
  media        = ["videos"]
  intake       = {{ enabled = false }}
  storage      = {{ existing_bucket_name = "acme-media" }}
  catalog      = {{ existing_table_name = "acme-media" }}
  iam          = {{ existing_role_name = "acme-media" }}
  logs         = {{ existing_group_name = "/acme/media" }}
  alarms       = {{ enabled = false }}
}}

output "function" {{ value = module.media.functions.videos.name }}
"""


def test_large_zips_go_by_way_of_a_bucket(workspace: Workspace, tmp_path: Path) -> None:
    """Here they only say that they are large."""
    large = tmp_path / "artifacts"
    shutil.copytree(build_here(Path("build"), print), large)
    for path in large.glob("*.zip.json"):
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "bytes": 60_000_000}))
    source = tmp_path / "large"
    source.mkdir()
    said = {**variables_for(large), "region": REGION, "source": Path.cwd()}
    (source / "main.tf").write_text(LARGE.format(artifacts=large, **said))
    root = workspace.example(source, {})
    assert root.plan().counts == (4, 0, 0)
    outputs = root.apply()
    staged = Application.at(workspace.aws, "acme-media").keys("acme-renditions", "artifacts/")
    assert {key.partition("/")[0] for key in staged} == {"large-ffmpeg", "large-video-processor"}
    status, _ = Application.at(workspace.aws, "acme-media").invoke(outputs["function"], {})
    assert status == 400
    root.destroy()
    assert_untouched(workspace, alone=True)
