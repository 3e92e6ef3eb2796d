"""Real plans of environments/dev and environments/prod, each with its own example files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from terraform import ROOT, TerraformError
from terraform_checkout import Checkout, Plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ENVIRONMENTS = ("dev", "prod")
STATE_BUCKET = "shop-terraform-state"
TOPICS = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
# What must not be there twice in one account and region.
NAMED_BY = {
    "aws_cloudwatch_event_rule": "name",
    "aws_cloudwatch_log_group": "name",
    "aws_dynamodb_table": "name",
    "aws_iam_role": "name",
    "aws_lambda_function": "function_name",
    "aws_lambda_layer_version": "layer_name",
    "aws_s3_bucket": "bucket",
    "aws_scheduler_schedule": "name",
    "aws_scheduler_schedule_group": "name",
    "aws_sqs_queue": "name",
}
# The state is kept by, and the account asked of, an AWS on this machine.
HERE = """\
terraform {{
  backend "s3" {{
    access_key                  = "test"
    secret_key                  = "test"
    endpoints                   = {{ s3 = "{endpoint}" }}
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
  }}
}}

provider "aws" {{
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  s3_use_path_style           = true

  endpoints {{
    sts = "{endpoint}"
  }}
}}
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Where moto keeps the state and says whose account this is."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def state_bucket(endpoint: str) -> S3Client:
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    s3.create_bucket(Bucket=STATE_BUCKET)
    return s3


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, endpoint: str) -> Checkout:
    """What a user has after copying the examples, with an AWS of this machine in AWS's place."""
    made = Checkout(tmp_path_factory.mktemp("checkout"))
    for environment in ENVIRONMENTS:
        folder = made.path / "environments" / environment
        for name in ("terraform.tfvars", "backend.hcl"):
            example = ROOT / "environments" / environment / f"{name}.example"
            shutil.copy(example, folder / name)
        (folder / "here_override.tf").write_text(HERE.format(endpoint=endpoint))
    return made


Planner = Callable[..., Plan]


@pytest.fixture(scope="module")
def planned(checkout: Checkout, state_bucket: S3Client) -> Planner:
    """Plans an environment, with options; each is initialised once."""
    initialised = set()

    def plan(environment: str, *options: str) -> Plan:
        root = f"environments/{environment}"
        if root not in initialised:
            checkout.run(root, "init", "-no-color", "-backend-config=backend.hcl")
            initialised.add(root)
        directory = "-var=artifacts_directory=../../artifacts"
        checkout.run(root, "plan", "-no-color", "-input=false", "-out=tfplan", directory, *options)
        made: Plan = json.loads(checkout.run(root, "show", "-json", "tfplan"))
        return made

    return plan


@pytest.fixture(scope="module")
def dev(planned: Planner) -> Plan:
    return planned("dev")


@pytest.fixture(scope="module")
def prod(planned: Planner) -> Plan:
    return planned("prod")


def _made(plan: Plan, kind: str) -> list[dict[str, Any]]:
    return [
        change["change"]["after"]
        for change in plan["resource_changes"]
        if change["type"] == kind and change["change"]["actions"] == ["create"]
    ]


def _names(plan: Plan) -> set[tuple[str, str]]:
    return {(kind, made[word]) for kind, word in NAMED_BY.items() for made in _made(plan, kind)}


def _backend(checkout: Checkout, environment: str) -> dict[str, Any]:
    """What `init` made of backend.hcl."""
    kept = checkout.path / f"kept/environments-{environment}/data/terraform.tfstate"
    config: dict[str, Any] = json.loads(kept.read_bytes())["backend"]["config"]
    return config


def _retention(plan: Plan) -> set[int]:
    return {group["retention_in_days"] for group in _made(plan, "aws_cloudwatch_log_group")}


def _tags(plan: Plan) -> set[tuple[str, ...]]:
    return {
        tuple(f"{tag}={word}" for tag, word in sorted(after["tags_all"].items()))
        for change in plan["resource_changes"]
        if "tags_all" in (after := change["change"]["after"])
    }


def test_dev_goes_with_one_destroy(dev: Plan) -> None:
    (table,) = _made(dev, "aws_dynamodb_table")
    assert table["deletion_protection_enabled"] is False
    assert table["point_in_time_recovery"][0]["enabled"] is False
    (bucket,) = _made(dev, "aws_s3_bucket")
    assert bucket["force_destroy"] is True


def test_prod_outlives_a_mistake(prod: Plan) -> None:
    (table,) = _made(prod, "aws_dynamodb_table")
    assert table["deletion_protection_enabled"] is True
    assert table["point_in_time_recovery"][0]["enabled"] is True
    (bucket,) = _made(prod, "aws_s3_bucket")
    assert bucket["force_destroy"] is False


def test_only_prod_has_alarms_and_they_tell_its_topic(dev: Plan, prod: Plan) -> None:
    assert _made(dev, "aws_cloudwatch_metric_alarm") == []
    alarms = _made(prod, "aws_cloudwatch_metric_alarm")
    assert alarms
    assert [alarm["alarm_actions"] for alarm in alarms] == [TOPICS] * len(alarms)


def test_logs_of_prod_stay_longer(dev: Plan, prod: Plan) -> None:
    assert (_retention(dev), _retention(prod)) == ({7}, {90})


def test_everything_is_tagged(dev: Plan, prod: Plan) -> None:
    assert _tags(dev) == {("environment=dev", "project=shop")}
    assert _tags(prod) == {("environment=prod", "project=shop")}


def test_both_fit_into_one_account(dev: Plan, prod: Plan) -> None:
    assert {kind for kind, _ in _names(dev)} == NAMED_BY.keys()
    assert _names(dev).isdisjoint(_names(prod))


def test_states_are_apart_encrypted_and_locked(
    planned: Planner, checkout: Checkout, state_bucket: S3Client, dev: Plan, prod: Plan
) -> None:
    states = {environment: _backend(checkout, environment) for environment in ENVIRONMENTS}
    assert {state["encrypt"] for state in states.values()} == {True}
    assert len({state["key"] for state in states.values()}) == len(ENVIRONMENTS)
    lock = f"{states['dev']['key']}.tflock"
    holder = {"ID": "another-run", "Operation": "OperationTypeApply", "Who": "someone"}
    state_bucket.put_object(Bucket=STATE_BUCKET, Key=lock, Body=json.dumps(holder).encode())
    try:
        with pytest.raises(TerraformError, match="another-run"):
            planned("dev")
        planned("dev", "-lock=false")
    finally:
        state_bucket.delete_object(Bucket=STATE_BUCKET, Key=lock)


def test_a_recipe_reaches_the_functions(planned: Planner) -> None:
    said = {"images": {"placeholders": ["blurhash"], "limits": {"frames": 9}}}
    plan = planned("dev", f"-var=recipe={json.dumps(said)}")
    for function in _made(plan, "aws_lambda_function"):
        assert json.loads(function["environment"][0]["variables"]["MEDIA_RECIPE"]) == said


@pytest.mark.usefixtures("dev")
def test_credentials_of_another_account_are_refused(planned: Planner) -> None:
    with pytest.raises(TerraformError, match="account"):
        planned("dev", "-var=account_id=210987654321")


@pytest.mark.parametrize(
    "topics", ["[]", '["on-call"]', '["arn:aws:sqs:eu-central-1:123456789012:q"]']
)
def test_alarms_of_prod_must_reach_someone(planned: Planner, topics: str) -> None:
    with pytest.raises(TerraformError, match="at least one topic's ARN"):
        planned("prod", f"-var=alarm_topic_arns={topics}")
