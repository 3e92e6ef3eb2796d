"""What real plans of the Terraform module show: its policies, and what the functions are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from media_pipeline.recipe import Recipe, load_recipe
from terraform_callers import CALLERS, EVERYTHING, KEY_ARN
from terraform_checkout import Checkout, Plan, granted_in, planned

ACCOUNT = "123456789012"
IN_REGION = f"eu-central-1:{ACCOUNT}"
BUCKET_ARN = f"arn:aws:s3:::demo-media-{ACCOUNT}-eu-central-1"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def local_plan(checkout: Checkout, endpoint: str) -> Plan:
    return checkout.plan(
        "environments/local",
        f"-var=endpoint={endpoint}",
        "-var=artifacts_directory=../../artifacts",
        "-var=region=eu-central-1",
    )


@pytest.fixture(scope="module")
def callers_plan(checkout: Checkout, endpoint: str) -> Plan:
    """One plan with a module for each of `CALLERS`."""
    root = "tests/terraform/callers"
    (checkout.path / root / "callers.json").write_text(json.dumps(CALLERS))
    return checkout.plan(root, f"-var=endpoint={endpoint}")


def _names(plan: Plan, kind: str, attribute: str) -> set[str]:
    return {str(after[attribute]) for after in planned(plan, kind)}


def _function(plan: Plan, module: str, route: str) -> dict[str, Any]:
    (function,) = planned(plan, "aws_lambda_function", f'{module}.module.function["{route}"]')
    return function


@pytest.mark.parametrize("route", ["images", "videos"])
def test_permissions_are_exact(local_plan: Plan, route: str) -> None:
    function = f"demo-{route.removesuffix('s')}-processor"
    # A cutting job may name any video there.
    readable = "*" if route == "videos" else "*/*/*"
    segments = {f"{BUCKET_ARN}/processed/*/*": {"s3:PutObject", "s3:AbortMultipartUpload"}}
    assert granted_in(local_plan, f'module.media.module.function["{route}"]') == {
        **({"write-segments": segments} if route == "videos" else {}),
        "read-originals": {
            f"{BUCKET_ARN}/originals/{readable}": {"s3:GetObject", "s3:GetObjectVersion"}
        },
        "write-outputs": {
            f"{BUCKET_ARN}/renditions/*/*/*/*": {"s3:PutObject", "s3:AbortMultipartUpload"}
        },
        "keep-records": {
            f"arn:aws:dynamodb:{IN_REGION}:table/demo-media": {
                "dynamodb:GetItem",
                "dynamodb:UpdateItem",
            }
        },
        "receive-jobs": {
            f"arn:aws:sqs:{IN_REGION}:demo-{route}": {
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ChangeMessageVisibility",
            }
        },
        "write-logs": {
            f"arn:aws:logs:{IN_REGION}:log-group:/aws/lambda/{function}:*": {
                "logs:CreateLogStream",
                "logs:PutLogEvents",
            }
        },
    }


def test_policies_name_what_is_made(local_plan: Plan) -> None:
    """Their ARNs are put together from names, which must be those of the things themselves."""
    assert _names(local_plan, "aws_s3_bucket", "bucket") == {
        BUCKET_ARN.removeprefix("arn:aws:s3:::")
    }
    assert _names(local_plan, "aws_dynamodb_table", "name") == {"demo-media"}
    assert _names(local_plan, "aws_cloudwatch_event_rule", "name") == {"demo-images", "demo-videos"}
    assert _names(local_plan, "aws_sqs_queue", "name") == {
        "demo-images",
        "demo-images-dead-letters",
        "demo-videos",
        "demo-videos-dead-letters",
    }
    assert _names(local_plan, "aws_cloudwatch_log_group", "name") == {
        "/aws/lambda/demo-image-processor",
        "/aws/lambda/demo-sweep",
        "/aws/lambda/demo-video-processor",
    }


def test_a_key_of_the_callers_may_be_used(callers_plan: Plan) -> None:
    granted = granted_in(callers_plan, 'module.media["who_differs"].module.function["images"]')
    assert granted["use-bucket-key"] == {KEY_ARN: {"kms:Decrypt", "kms:GenerateDataKey"}}
    outputs = f"arn:aws:s3:::shop-media-{ACCOUNT}-eu-central-1/made/*/*/*"
    assert granted["write-outputs"] == {outputs: {"s3:PutObject", "s3:AbortMultipartUpload"}}


def test_segments_may_be_written_where_the_recipe_says(callers_plan: Plan) -> None:
    granted = granted_in(callers_plan, 'module.media["who_differs"].module.function["videos"]')
    segments = f"arn:aws:s3:::shop-media-{ACCOUNT}-eu-central-1/cut/pieces-*/*"
    assert granted["write-segments"] == {segments: {"s3:PutObject", "s3:AbortMultipartUpload"}}


def test_a_model_may_be_asked_by_the_videos_function_and_through_its_profile_only(
    callers_plan: Plan,
) -> None:
    profile = f"arn:aws:bedrock:{IN_REGION}:inference-profile/eu.amazon.nova-lite-v1:0"
    asking = {
        policy["name"]: json.loads(policy["policy"])["Statement"]
        for policy in planned(callers_plan, "aws_iam_role_policy", 'module.media["who_differs"]')
        if "bedrock" in policy["policy"]
    }
    ask = {"Effect": "Allow", "Action": ["bedrock:InvokeModel"]}
    behind = "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0"
    assert asking == {
        "ask-model": [{**ask, "Resource": [profile]}],
        "ask-model-through-profile": [
            {
                **ask,
                "Resource": [behind],
                "Condition": {"ArnEquals": {"bedrock:InferenceProfileArn": profile}},
            }
        ],
    }
    of_photos = 'module.media["who_differs"].module.function["images"]'
    assert not {name for name in granted_in(callers_plan, of_photos) if name.startswith("ask-")}


def test_players_of_other_sites_may_read_ranges(callers_plan: Plan) -> None:
    (cors,) = planned(callers_plan, "aws_s3_bucket_cors_configuration", "module.media")
    (rule,) = cors["cors_rule"]
    assert rule["allowed_origins"] == ["https://shop.example.com"]
    assert {"GET", "HEAD"} <= set(rule["allowed_methods"])
    assert rule["allowed_headers"] == ["*"]
    exposed = {"ETag", "Accept-Ranges", "Content-Length", "Content-Range"}
    assert set(rule["expose_headers"]) == exposed


def test_a_function_may_read_the_watermarks_that_it_lays_on(callers_plan: Plan) -> None:
    brand = f"arn:aws:s3:::shop-media-{ACCOUNT}-eu-central-1/brand"
    for caller, route, names in (
        ("who_says_all", "images", ["photo.png"]),
        ("who_says_all", "videos", ["poster.png"]),
        ("who_differs", "images", ["logo.png", "stamp.webp"]),
    ):
        granted = granted_in(callers_plan, f'module.media["{caller}"].module.function["{route}"]')
        expected = {f"{brand}/{name}": {"s3:GetObject"} for name in names}
        assert granted["read-watermarks"] == expected, (caller, route)


def test_without_watermarks_there_is_no_permission_to_read_them(callers_plan: Plan) -> None:
    of_posters = 'module.media["who_differs"].module.function["videos"]'
    assert "read-watermarks" not in granted_in(callers_plan, of_posters)


def test_functions_are_told_what_they_read(local_plan: Plan, callers_plan: Plan) -> None:
    images = _function(local_plan, "module.media", "images")
    assert images["environment"][0]["variables"] == {
        "MEDIA_TABLE": "demo-media",
        "OUTPUT_BUCKET": f"demo-media-{ACCOUNT}-eu-central-1",
        "MEDIA_RECIPE": "{}",
        "MAX_RECEIVES": "5",
        "POWERTOOLS_SERVICE_NAME": "image-processor",
        "POWERTOOLS_METRICS_NAMESPACE": "demo",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    differing = _function(callers_plan, 'module.media["who_differs"]', "videos")
    assert differing["environment"][0]["variables"]["DELIVERY_DOMAIN"] == "media.example.com"


def test_the_sweep_is_told_what_it_reads(local_plan: Plan, callers_plan: Plan) -> None:
    (sweep,) = planned(local_plan, "aws_lambda_function", "module.media.module.sweep")
    told = sweep["environment"][0]["variables"]
    url = f"https://sqs.eu-central-1.amazonaws.com/{ACCOUNT}"
    assert json.loads(told.pop("QUEUES")) == {
        "images": f"{url}/demo-images",
        "videos": f"{url}/demo-videos",
    }
    assert json.loads(told.pop("PENDING")) == {
        "attributes": {"status": "pending"},
        "created_at": "createdAt",
    }
    assert json.loads(told.pop("TABLE_KEY")) == ["id", "projectId"]
    assert told == {
        "MEDIA_TABLE": "demo-media",
        "MEDIA_BUCKET": BUCKET_ARN.removeprefix("arn:aws:s3:::"),
        "OUTPUT_BUCKET": BUCKET_ARN.removeprefix("arn:aws:s3:::"),
        "MEDIA_RECIPE": "{}",
        "MAX_RECEIVES": "5",
        "POWERTOOLS_SERVICE_NAME": "sweep",
        "POWERTOOLS_METRICS_NAMESPACE": "demo",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    assert (sweep["timeout"], sweep["memory_size"], sweep["handler"]) == (
        900,
        512,
        "sweep.lambda_handler",
    )
    within = 'module.media["who_differs"].module.sweep'
    (differing,) = planned(callers_plan, "aws_lambda_function", within)
    differences = differing["environment"][0]["variables"]["MEDIA_RECIPE"]
    told_videos = _function(callers_plan, 'module.media["who_differs"]', "videos")
    assert differences == told_videos["environment"][0]["variables"]["MEDIA_RECIPE"]


def test_each_alarm_is_of_something_that_is_made_and_tells_the_topic(local_plan: Plan) -> None:
    made = {
        "FunctionName": _names(local_plan, "aws_lambda_function", "function_name"),
        "QueueName": _names(local_plan, "aws_sqs_queue", "name"),
        "ScheduleGroup": _names(local_plan, "aws_scheduler_schedule_group", "name"),
        "service": {"image-processor", "video-processor", "sweep"},
    }
    watched = set()
    for alarm in planned(local_plan, "aws_cloudwatch_metric_alarm"):
        metrics = [alarm] if alarm["metric_name"] else []
        metrics += [metric for query in alarm["metric_query"] for metric in query["metric"]]
        for metric in metrics:
            ((dimension, name),) = metric["dimensions"].items()
            assert name in made[dimension], alarm["alarm_name"]
            watched.add(name)
        assert alarm["alarm_actions"] == [f"arn:aws:sns:{IN_REGION}:demo-alarms"]
        assert "Look first" in alarm["alarm_description"]
        assert len(alarm["alarm_description"]) <= 1024
    assert watched == set().union(*made.values())


def test_only_videos_have_the_layer(local_plan: Plan) -> None:
    assert _function(local_plan, "module.media", "images")["layers"] == []
    # A version's ARN is known only once it is made.
    assert "layers" not in _function(local_plan, "module.media", "videos")


@pytest.mark.parametrize("caller", CALLERS)
def test_recipe_is_what_the_functions_make_of_it(callers_plan: Plan, caller: str) -> None:
    function = _function(callers_plan, f'module.media["{caller}"]', "videos")
    differences = function["environment"][0]["variables"]["MEDIA_RECIPE"]
    shown = callers_plan["planned_values"]["outputs"]["recipes"]["value"][caller]
    # Not by `load_recipe`, which would fill in what the output lacks.
    assert msgspec.convert(shown, Recipe) == load_recipe(differences)


@pytest.mark.parametrize("caller", CALLERS)
def test_no_word_of_a_recipe_is_lost(callers_plan: Plan, caller: str) -> None:
    """Terraform drops what a type does not name without a word."""
    function = _function(callers_plan, f'module.media["{caller}"]', "images")
    said = _without_nulls(CALLERS[caller].get("recipe", {}))
    assert json.loads(function["environment"][0]["variables"]["MEDIA_RECIPE"]) == said


def test_a_caller_says_every_word_there_is() -> None:
    """Else the test above would not look for it."""
    assert list(_unsaid(inspect.type_info(Recipe), [EVERYTHING], "recipe")) == []


def _without_nulls(said: dict[str, Any]) -> dict[str, Any]:
    return {
        word: _without_nulls(value) if isinstance(value, dict) else value
        for word, value in said.items()
        if value is not None
    }


def _unsaid(kind: inspect.Type, said: list[Any], path: str) -> Iterator[str]:
    """The paths of the words that a kind of value has and none of `said` says."""
    if isinstance(kind, inspect.DictType):
        yield from _unsaid(
            kind.value_type, [value for each in said for value in each.values()], path
        )
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            values = [each[field.name] for each in said if field.name in each]
            if not values:
                yield f"{path}.{field.name}"
            yield from _unsaid(field.type, values, f"{path}.{field.name}")
