"""Calls fail as AWS's do: as many as were asked for, the same ones every time, and all counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aws_names import REGION
from embedded_aws.bench import Bench, eventually
from local_aws import LocalAwsError
from local_aws.faults import ANSWER_LOST, FAULTS, Faults, operation_of, read_faults, set_faults

KEY = {"id": {"S": "a"}}


@pytest.fixture(autouse=True)
def _calm_afterwards(bench: Bench) -> Iterator[None]:
    yield
    set_faults(bench.endpoint, 0)


def failure(call: Callable[[], object]) -> tuple[int, str] | None:
    """The status and the code of a call's error."""
    try:
        call()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status, error.response["Error"]["Code"]
    return None


def test_every_kind_of_fault_is_an_error_of_awss(bench: Bench) -> None:
    bucket, table = bench.bucket(), bench.table()
    set_faults(bench.endpoint, 1, seed=5)
    writes = [
        failure(lambda: bench.s3.put_object(Bucket=bucket, Key="a", Body=b"x" * 100_000))
        for _ in range(20)
    ]
    assert set(writes) == {(503, "SlowDown"), (500, "InternalError")}
    items = [failure(lambda: bench.dynamodb.put_item(TableName=table, Item=KEY)) for _ in range(40)]
    assert set(items) == {
        (400, "ThrottlingException"),
        (400, "ProvisionedThroughputExceededException"),
        (500, "InternalServerError"),
    }
    assert failure(lambda: bench.s3.head_object(Bucket=bucket, Key="a")) in (
        (503, "503"),
        (500, "500"),
    )
    report = read_faults(bench.endpoint)
    assert (report["share"], report["seed"]) == (1, 5)
    assert report["calls"] == {
        "s3": {"PutObject": 20, "HeadObject": 1},
        "dynamodb": {"PutItem": 40},
    }
    counted = report["faults"]
    assert set(counted["s3"]["PutObject"]) == {fault.kind for fault in FAULTS["s3"]}
    assert set(counted["dynamodb"]["PutItem"]) == {fault.kind for fault in FAULTS["dynamodb"]}
    assert counted["s3"]["PutObject"]["SlowDown"] == writes.count((503, "SlowDown"))
    assert counted["dynamodb"]["PutItem"]["ThrottlingException"] == items.count(
        (400, "ThrottlingException")
    )
    assert sum(counted["dynamodb"]["PutItem"].values()) == 40


def test_what_failed_was_not_done_unless_only_the_answer_was_lost(bench: Bench) -> None:
    bucket, table = bench.bucket(), bench.table()
    names = [f"{number}" for number in range(60)]
    set_faults(bench.endpoint, 1, seed=1)
    for name in names:
        assert failure(lambda: bench.s3.put_object(Bucket=bucket, Key=name, Body=b""))  # noqa: B023
        assert failure(
            lambda: bench.dynamodb.put_item(TableName=table, Item={"id": {"S": name}})  # noqa: B023
        )
    faults = read_faults(bench.endpoint)["faults"]
    set_faults(bench.endpoint, 0)
    listed = bench.s3.list_objects_v2(Bucket=bucket)["KeyCount"]
    scanned = bench.dynamodb.scan(TableName=table)["Count"]
    assert 0 < listed == faults["s3"]["PutObject"][ANSWER_LOST] < 60
    assert 0 < scanned == faults["dynamodb"]["PutItem"][ANSWER_LOST] < 60


def test_an_object_whose_answer_was_lost_is_told_of_all_the_same(bench: Bench) -> None:
    bucket, queue, rule = bench.bucket(), bench.queue(), bench.name("rule")
    bench.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = f'{{"source": ["aws.s3"], "detail": {{"bucket": {{"name": ["{bucket}"]}}}}}}'
    bench.events.put_rule(Name=rule, EventPattern=pattern)
    bench.events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": bench.arn(queue)}])
    set_faults(bench.endpoint, 1, seed=2)
    for number in range(12):
        failure(lambda: bench.s3.put_object(Bucket=bucket, Key=f"{number}", Body=b""))  # noqa: B023
    lost = read_faults(bench.endpoint)["faults"]["s3"]["PutObject"][ANSWER_LOST]
    assert 0 < lost < 12
    eventually(lambda: bench.held(queue) == (lost, 0))


def test_other_calls_never_fail(bench: Bench) -> None:
    set_faults(bench.endpoint, 1)
    bucket, table, queue = bench.bucket(), bench.table(), bench.queue()
    bench.send(queue, "message")
    bench.dynamodb.describe_table(TableName=table)
    bench.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert read_faults(bench.endpoint)["calls"] == {}


def test_a_patient_client_does_not_notice(bench: Bench) -> None:
    bucket = bench.bucket()
    patient = boto3.client(
        "s3",
        endpoint_url=bench.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "max_attempts": 10}),
    )
    set_faults(bench.endpoint, 0.2, seed=3)
    bodies = {f"{number}": bytes([number]) * 5000 for number in range(40)}
    for key, body in bodies.items():
        patient.put_object(Bucket=bucket, Key=key, Body=body)
    got = {key: patient.get_object(Bucket=bucket, Key=key)["Body"].read() for key in bodies}
    assert got == bodies
    faults = read_faults(bench.endpoint)["faults"]["s3"]
    assert sum(faults["PutObject"].values()) > 0
    assert sum(faults["GetObject"].values()) > 0


def drawn(share: float, seed: int, count: int = 2000) -> list[str | None]:
    faults = Faults()
    faults.begin(share, seed)
    fates = [faults.next("s3", "PutObject") for _ in range(count)]
    return [fate.kind if fate else None for fate in fates]


def test_the_seed_says_which_calls_fail_and_the_share_how_many() -> None:
    assert drawn(0.02, 1) == drawn(0.02, 1)
    assert drawn(0.02, 1) != drawn(0.02, 2)
    counted = Counter(drawn(0.02, 1))
    # Of 2,000 draws at 2 %: 40, with a standard deviation of 6.3.
    assert 21 <= 2000 - counted[None] <= 59
    assert set(drawn(0, 1)) == {None}
    assert None not in drawn(1, 1)


def test_the_calls_of_one_operation_do_not_move_the_faults_of_another() -> None:
    alone, mixed = Faults(), Faults()
    alone.begin(0.3, 9)
    mixed.begin(0.3, 9)
    expected = [alone.next("dynamodb", "UpdateItem") for _ in range(50)]
    found = []
    for _ in range(50):
        mixed.next("s3", "GetObject")
        found.append(mixed.next("dynamodb", "UpdateItem"))
    assert found == expected


@pytest.mark.parametrize("share", [-0.1, 1.1, "some"])
def test_what_is_no_share_is_refused(bench: Bench, share: Any) -> None:  # noqa: ANN401
    with pytest.raises(LocalAwsError, match="0 to 1"):
        set_faults(bench.endpoint, share)


@pytest.mark.parametrize(
    ("request_line", "operation"),
    [
        ("GET /bucket/a/b.jpg", "GetObject"),
        ("GET /bucket/a?versionId=7", "GetObject"),
        ("HEAD /bucket/a", "HeadObject"),
        ("POST /bucket/a?uploads", "CreateMultipartUpload"),
        ("PUT /bucket/a?uploadId=7&partNumber=1", "UploadPart"),
        ("POST /bucket/a?uploadId=7", "CompleteMultipartUpload"),
        ("POST /bucket?delete", "DeleteObjects"),
        ("GET /bucket?list-type=2&prefix=a", "ListObjectsV2"),
        ("PUT /bucket/a?tagging", None),
        ("PUT /bucket", None),
        ("GET /bucket?policy", None),
        ("GET /", None),
    ],
)
def test_operations_are_told_by_their_requests(request_line: str, operation: str | None) -> None:
    method, _, target = request_line.partition(" ")
    path, _, query = target.partition("?")
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    assert operation_of("s3", environ) == operation


def test_a_copy_is_told_by_its_source() -> None:
    environ = {"REQUEST_METHOD": "PUT", "PATH_INFO": "/b/a", "HTTP_X_AMZ_COPY_SOURCE": "b/c"}
    assert operation_of("s3", environ) == "CopyObject"
