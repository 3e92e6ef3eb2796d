"""What is made and what is left alone when the caller has some of the things already."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from terraform import TerraformError
from terraform_checkout import Checkout, Plan, granted_in, planned

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ROOT = "tests/terraform/combinations"
MADE_OF = {
    "bucket": "aws_s3_bucket",
    "table": "aws_dynamodb_table",
    "role": "aws_iam_role",
    "layer": "aws_lambda_layer_version",
    "logs": "aws_cloudwatch_log_group",
}
"""What there is of each thing that is made, and only then."""

POLICIES = "aws_iam_role_policy"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def plan(checkout: Checkout, endpoint: str) -> Plan:
    """All 32 combinations of made and adopted things in one plan."""
    return checkout.plan(ROOT, f"-var=endpoint={endpoint}")


def _output(plan: Plan, name: str) -> dict[str, dict[str, Any]]:
    value: dict[str, dict[str, Any]] = plan["planned_values"]["outputs"][name]["value"]
    return value


def test_what_is_adopted_is_not_made(plan: Plan) -> None:
    combinations = _output(plan, "adopted")
    assert len(combinations) == 32
    for name, adopted in combinations.items():
        within = f'module.media["{name}"].'
        made = {thing for thing, kind in MADE_OF.items() if planned(plan, kind, within)}
        assert made == {thing for thing, is_adopted in adopted.items() if not is_adopted}, name


def test_nothing_of_an_adopted_bucket_is_written(plan: Plan) -> None:
    for change in plan["resource_changes"]:
        if change["type"].startswith("aws_s3_"):
            assert "bucket" not in change["address"].split('"')[1].split("-"), change["address"]


def test_an_adopted_role_gets_no_policy_unasked(plan: Plan) -> None:
    for name, adopted in _output(plan, "adopted").items():
        policies = planned(plan, POLICIES, f'module.media["{name}"].')
        assert bool(policies) != adopted["role"], name


def test_documents_are_outputs_and_the_same_whosever_role_it_is(plan: Plan) -> None:
    """Those of a role that is made are what its policies say; those of an adopted one are equal."""
    documents = _output(plan, "policies")
    for name, adopted in _output(plan, "adopted").items():
        if adopted["role"]:
            others = "-".join(thing for thing in name.split("-") if thing != "role") or "nothing"
            assert documents[name] == documents[others]
            continue
        media = f'module.media["{name}"].module'
        for who, within in {
            "images": [f'{media}.function["images"]'],
            "videos": [f'{media}.function["videos"]'],
            "sweep": [f"{media}.sweep", f"{media}.schedule"],
        }.items():
            attached = {
                policy["name"]: json.loads(policy["policy"])
                for module in within
                for policy in planned(plan, POLICIES, module)
            }
            told = documents[name][who].items()
            assert attached == {reason: json.loads(document) for reason, document in told}


def test_documents_name_what_is_adopted(plan: Plan) -> None:
    documents = _output(plan, "policies")["bucket-table-role-layer-logs"]["videos"]
    granted = {
        reason: json.loads(document)["Statement"][0]["Resource"]
        for reason, document in documents.items()
    }
    assert granted == {
        "read-originals": ["arn:aws:s3:::acme-media/originals/*"],
        "write-outputs": ["arn:aws:s3:::acme-media/renditions/*/*/*/*"],
        "write-segments": ["arn:aws:s3:::acme-media/processed/*/*"],
        "keep-records": [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/acme-items"],
        "receive-jobs": [f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop-videos"],
        "write-logs": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/acme/media:*"],
    }


def test_functions_use_what_is_adopted(plan: Plan) -> None:
    within = 'module.media["bucket-table-role-layer-logs"].module.function["videos"]'
    (function,) = planned(plan, "aws_lambda_function", within)
    assert function["role"] == f"arn:aws:iam::{ACCOUNT}:role/acme/acme-lambda"
    assert function["layers"] == [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:acme-ffmpeg:3"]
    assert function["logging_config"][0]["log_group"] == "/acme/media"
    told = function["environment"][0]["variables"]
    assert (told["MEDIA_TABLE"], told["OUTPUT_BUCKET"]) == ("acme-items", "acme-media")


CALLER = """
module "media" {{
  source    = "../.."
  name      = "shop"
  artifacts = {{ directory = "../../artifacts" }}
{said}
}}

provider "aws" {{
  region                      = "{region}"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true

  endpoints {{
    {endpoints}
  }}
}}
"""
ASKED = ("dynamodb", "iam", "lambda", "logs", "s3", "sts")


def _plan_of(checkout: Checkout, endpoint: str, name: str, said: str, beside: str = "") -> Plan:
    folder = checkout.path / "callers" / name
    folder.mkdir(parents=True)
    endpoints = "\n    ".join(f'{service} = "{endpoint}"' for service in ASKED)
    text = CALLER.format(said=said, region=REGION, endpoints=endpoints)
    (folder / "main.tf").write_text(text + beside)
    return checkout.plan(f"callers/{name}")


def test_policies_are_attached_to_an_adopted_role_if_asked(
    checkout: Checkout, endpoint: str
) -> None:
    said = """
      iam   = { existing_role_name = "acme-lambda", attach_policies = true }
      sweep = { existing_role_name = "acme-sweep" }
    """
    plan = _plan_of(checkout, endpoint, "attaching", said)
    policies = planned(plan, POLICIES)
    assert {policy["role"] for policy in policies} == {"acme-lambda", "acme-sweep"}
    granted = granted_in(plan, "module.media")
    # Each role serves two: no policy may replace another's.
    assert len(granted) == len(policies)
    assert "shop-image-processor-read-originals" in granted
    assert "shop-video-processor-read-originals" in granted
    swept = {policy["name"] for policy in policies if policy["role"] == "acme-sweep"}
    assert {"shop-sweep-find-records", "shop-sweep-invoke"} <= swept
    assert all(name.startswith("shop-sweep-") for name in swept)


def test_the_smallest_case_adds_two(checkout: Checkout, endpoint: str) -> None:
    said = """
      media   = ["videos"]
      intake  = { enabled = false }
      storage = { existing_bucket_name = "acme-media" }
      catalog = { existing_table_name = "acme-items" }
      iam     = { existing_role_name = "acme-lambda" }
      logs    = { existing_group_name = "/acme/media" }
      alarms  = { enabled = false }
    """
    plan = _plan_of(checkout, endpoint, "smallest", said)
    changes = [(change["type"], change["change"]["actions"]) for change in plan["resource_changes"]]
    assert sorted(changes) == [
        ("aws_lambda_function", ["create"]),
        ("aws_lambda_layer_version", ["create"]),
    ]


SAME_ROOT = """
resource "aws_kms_key" "media" {}
resource "aws_s3_bucket" "media" { bucket = "acme-media" }
resource "aws_dynamodb_table" "media" {
  name         = "acme-items"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  range_key    = "projectId"
  attribute {
    name = "id"
    type = "S"
  }
  attribute {
    name = "projectId"
    type = "S"
  }
}
resource "aws_iam_role" "media" {
  name               = "acme-lambda"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
resource "aws_cloudwatch_log_group" "media" { name = "/acme/media" }
resource "aws_lambda_layer_version" "ffmpeg" {
  layer_name = "acme-ffmpeg"
  filename   = "../../artifacts/ffmpeg-layer.zip"
}
"""


@pytest.mark.parametrize("waits", [False, True])
def test_what_is_adopted_may_be_made_in_the_same_apply(
    checkout: Checkout, endpoint: str, waits: bool
) -> None:
    said = """
      storage = {
        existing_bucket_name = aws_s3_bucket.media.bucket
        kms                  = { key_arn = aws_kms_key.media.arn }
      }
      catalog      = { existing_table_name = aws_dynamodb_table.media.name }
      iam          = { existing_role_name = aws_iam_role.media.name, attach_policies = true }
      logs         = { existing_group_name = aws_cloudwatch_log_group.media.name }
      ffmpeg_layer = { existing_arn = aws_lambda_layer_version.ffmpeg.arn }
    """
    if waits:
        said += "depends_on = [aws_kms_key.media]"
    plan = _plan_of(checkout, endpoint, f"same-root-{waits}", said, SAME_ROOT)
    assert len(planned(plan, "aws_lambda_function", "module.media")) == 3
    assert not planned(plan, "aws_lambda_layer_version", "module.media")


ALL_ADOPTED = {
    "storage": '{ existing_bucket_name = "acme-media" }',
    "catalog": '{ existing_table_name = "acme-items" }',
    "iam": '{ existing_role_name = "acme.lambda", path = "/acme/" }',
    "logs": '{ existing_group_name = "/acme/media" }',
    "ffmpeg_layer": f'{{ existing_arn = "arn:aws:lambda:{REGION}:{ACCOUNT}:layer:ffmpeg:1" }}',
}


@pytest.fixture(scope="module")
def workspace(endpoint: str) -> str:
    """Somebody's bucket, table, role, log group and layer; the answer is where they are."""

    def client(service: Any, region: str = REGION) -> Any:  # noqa: ANN401
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    client("s3").create_bucket(
        Bucket="acme-media", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    client("s3", "us-west-2").create_bucket(
        Bucket="acme-elsewhere", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    for name, key, kind_of_key in (
        ("acme-items", ["id", "projectId"], "S"),
        ("acme-photos", ["photo"], "S"),
        ("acme-numbers", ["id", "projectId"], "N"),
    ):
        client("dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": each, "AttributeType": kind_of_key} for each in key
            ],
            KeySchema=[
                {"AttributeName": each, "KeyType": kind}
                for each, kind in zip(key, ["HASH", "RANGE"], strict=False)
            ],
        )
    client("iam").create_role(
        RoleName="acme.lambda", Path="/acme/", AssumeRolePolicyDocument=json.dumps({})
    )
    client("logs").create_log_group(logGroupName="/acme/media")
    client("lambda").publish_layer_version(
        LayerName="ffmpeg", Content={"ZipFile": b"zip"}, CompatibleArchitectures=["x86_64"]
    )
    return endpoint


def _said(differing: dict[str, str]) -> str:
    adopted = {**ALL_ADOPTED, **differing, "verify_existing": "true"}
    return "\n".join(f"{name} = {value}" for name, value in adopted.items())


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ('iam = { existing_role_name = "nobody" }', "There is no role nobody"),
        (
            'sweep = { existing_role_name = "nobody-too" }',
            "a role that lambda.amazonaws.com and scheduler.amazonaws.com may assume",
        ),
        ('logs = { existing_group_name = "/nobody" }', "There is no log group /nobody"),
    ],
)
def test_a_plan_sees_what_is_missing_although_there_is_a_layer_to_make(
    checkout: Checkout, workspace: str, missing: str, sentence: str
) -> None:
    said = f'media = ["videos"]\nverify_existing = true\n{missing}'
    with pytest.raises(TerraformError) as caught:
        _plan_of(checkout, workspace, f"missing-{sum(missing.encode())}", said)
    assert sentence in " ".join(str(caught.value).replace("\u2502", " ").split())


def test_what_is_there_is_found(checkout: Checkout, workspace: str) -> None:
    plan = _plan_of(checkout, workspace, "found", _said({}))
    assert planned(plan, "aws_lambda_function")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "storage",
            '{ existing_bucket_name = "acme-nothing" }',
            "name of a bucket of this account",
        ),
        (
            "catalog",
            '{ existing_table_name = "acme-nothing" }',
            "There is no table acme-nothing",
        ),
        ("catalog", '{ existing_table_name = "acme-photos" }', "is keyed by photo"),
        ("catalog", '{ existing_table_name = "acme-numbers" }', "keyed by numbers or bytes"),
        ("storage", '{ existing_bucket_name = "acme-elsewhere" }', "is in us-west-2"),
        ("iam", '{ existing_role_name = "acme-lambda" }', "There is no role acme-lambda"),
        ("iam", '{ existing_role_name = "acme.lambda" }', "set `iam.path`"),
        ("logs", '{ existing_group_name = "/acme/med" }', "There is no log group /acme/med"),
        (
            "ffmpeg_layer",
            ALL_ADOPTED["ffmpeg_layer"].replace("ffmpeg:1", "ffmpeg:2"),
            "Set `ffmpeg_layer.existing_arn` to a layer version",
        ),
        ("architecture", '"arm64"', "is for x86_64"),
    ],
)
def test_what_is_not_there_is_refused(
    checkout: Checkout, workspace: str, variable: str, value: str, sentence: str
) -> None:
    name = f"{variable}-{sum(value.encode())}"
    if variable == "architecture":
        artifacts = checkout.path / "artifacts"
        for described in artifacts.glob("*.json"):
            text = described.read_text().replace("x86_64", "arm64")
            described.write_text(text)
    with pytest.raises(TerraformError) as caught:
        _plan_of(checkout, workspace, name, _said({variable: value}))
    assert sentence in " ".join(str(caught.value).replace("\u2502", " ").split())
