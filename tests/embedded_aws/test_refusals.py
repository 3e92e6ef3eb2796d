"""What AWS refuses is refused, in its words; what it takes is taken."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from aws_names import REGION
from embedded_aws.bench import Bench

HANDLER = "def handler(event, context): pass"


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    """The code and the message of an API's error."""
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.parametrize("length", [4096, 4097])
def test_an_environment_over_4_kb_is_refused(bench: Bench, length: int) -> None:
    value = "x" * (length - len('{"A":""}'))
    if length <= 4096:
        bench.function(HANDLER, environment={"A": value})
        return
    with pytest.raises(ClientError) as error:
        bench.function(HANDLER, environment={"A": value})
    assert refusal(error)[0] == "InvalidParameterValueException"
    assert "exceeded the 4KB limit" in refusal(error)[1]


def test_a_reserved_variable_is_refused_also_later(bench: Bench) -> None:
    with pytest.raises(ClientError, match="Reserved keys used in this request: AWS_REGION"):
        bench.function(HANDLER, environment={"AWS_REGION": REGION, "OWN": ""})
    function = bench.function(HANDLER)
    with pytest.raises(ClientError, match="Reserved keys used in this request: TZ, _HANDLER"):
        bench.lambdas.update_function_configuration(
            FunctionName=function, Environment={"Variables": {"_HANDLER": "a.b", "TZ": "UTC"}}
        )


def test_a_payload_that_is_not_json_is_refused(bench: Bench) -> None:
    function = bench.function(HANDLER)
    with pytest.raises(bench.lambdas.exceptions.InvalidRequestContentException):
        bench.lambdas.invoke(FunctionName=function, Payload=b"{not json")


@pytest.mark.parametrize(
    "pattern",
    [
        "not json",
        '{"body": {"key": [{"wildcard": "a*b"}]}}',
        '{"body": {"key": [{"prefix": "a"}], "key": [{"suffix": "b"}]}}',
        '{"body": {"key": "a"}}',
    ],
)
def test_a_filter_that_lambda_does_not_know_is_refused(bench: Bench, pattern: str) -> None:
    queue, function = bench.queue(), bench.function("")
    with pytest.raises(ClientError, match="Invalid filter pattern definition"):
        bench.mapping(queue, function, FilterCriteria={"Filters": [{"Pattern": pattern}]})


def test_a_queue_that_hides_messages_too_shortly_is_refused(bench: Bench) -> None:
    queue, function = bench.queue(visibility=5), bench.function("", timeout=6)
    with pytest.raises(
        ClientError,
        match="Queue visibility timeout: 5 seconds is less than Function timeout: 6 seconds",
    ):
        bench.mapping(queue, function)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (
            '{"detail": {"object": {"key": [{"prefix": "a"}], "key": [{"suffix": "b"}]}}}',
            "Path `detail.object.key` cannot be allowed multiple times",
        ),
        (
            '{"detail": {"a": ["b"]}, "source": ["c"], "detail": {"d": ["e"]}}',
            "Path `detail` cannot be allowed multiple times",
        ),
        (
            '{"$or": [{"source": ["a"], "source": ["b"]}]}',
            "Path `source` cannot be allowed multiple times",
        ),
        (
            '{"detail": {"key": [{"prefix": "a", "suffix": "b"}]}}',
            "Only one key allowed in match expression",
        ),
        ("[]", "Filter is not an object"),
        ("{", "Filter is not valid JSON"),
    ],
)
def test_a_pattern_that_eventbridge_refuses_is_refused(
    bench: Bench, pattern: str, reason: str
) -> None:
    with pytest.raises(ClientError) as error:
        bench.events.put_rule(Name=bench.name("rule"), EventPattern=pattern)
    assert error.value.response["Error"]["Code"] == "InvalidEventPatternException"
    assert error.value.response["Error"]["Message"] == (
        f"Event pattern is not valid. Reason: {reason}"
    )


def test_patterns_that_only_look_alike_are_taken(bench: Bench) -> None:
    pattern = {
        "source": ["aws.s3"],
        "$or": [
            {"detail": {"object": {"key": [{"prefix": "a"}, {"suffix": "b"}]}}},
            {"detail": {"object": {"key": [{"anything-but": {"prefix": "c"}}]}}},
        ],
    }
    bench.events.put_rule(Name=bench.name("rule"), EventPattern=json.dumps(pattern))


def test_a_bucket_that_refuses_plain_http_is_open_to_loopback_and_to_nothing_else(
    bench: Bench,
) -> None:
    def deny(action: str, condition: dict[str, dict[str, str]]) -> dict[str, object]:
        return {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": condition,
        }

    bucket = bench.bucket()
    plain_http = deny("s3:*", {"Bool": {"aws:SecureTransport": "false"}})
    bench.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [plain_http]}))
    bench.s3.put_object(Bucket=bucket, Key="key", Body=b"")
    all_writes = deny("s3:PutObject", {})
    policy = {"Statement": [plain_http, all_writes]}
    bench.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    bench.s3.get_object(Bucket=bucket, Key="key")
    with pytest.raises(ClientError, match="403"):
        bench.s3.put_object(Bucket=bucket, Key="key", Body=b"")
