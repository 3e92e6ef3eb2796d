"""What a backfill reads of the module, and what it says of input that is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import backfill
from aws_names import REGION, TABLE
from backfilled import Bucket, photo
from backfilling.deployed import read_deployed
from backfilling.run import Services
from media_pipeline.leases import format_time
from media_pipeline.recipe import DEFAULT_RECIPE, load_recipe

if TYPE_CHECKING:
    pass


def test_the_recipe_of_the_outputs_has_the_digest_of_the_functions(bucket: Bucket) -> None:
    differences = {"videos": {"audio": {"loudness_target": -20}}, "images": {"position": True}}
    whole = json.loads(DEFAULT_RECIPE.read_text())
    whole["videos"]["audio"]["loudness_target"] = -20
    whole["images"]["position"] = True
    deployed = read_deployed(bucket.write(bucket.outputs(recipe=whole)))
    assert deployed.recipe.digest == load_recipe(json.dumps(differences)).digest


def test_all_outputs_of_a_root_are_taken_too(bucket: Bucket) -> None:
    def wrapped(outputs: dict[str, Any]) -> dict[str, Any]:
        return {name: {"sensitive": False, "value": one} for name, one in outputs.items()}

    expected = read_deployed(bucket.file)
    assert read_deployed(bucket.write(wrapped(bucket.outputs()))) == expected
    assert read_deployed(bucket.write(wrapped({"media": bucket.outputs()}))) == expected
    assert expected.region == REGION


def _said(capsys: pytest.CaptureFixture[str], *command: str) -> tuple[int, str]:
    status = backfill.main(command)
    return status, capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--prefix", "renditions/"], "No original begins with renditions/: begin --prefix with"),
        (["--prefix", "orig"], "No original begins with orig: begin"),
        (["--since", "yesterday"], "--since yesterday is no date or time; write 2026-03-01"),
        (["--until", "2026-02-30"], "--until 2026-02-30 is no date or time"),
        (["--since", "0001-01-01T00:00+05:00"], "--since 0001-01-01T00:00+05:00 is no date"),
        (["--until", "9999-12-31T23:59:59-05:00"], "--until 9999-12-31T23:59:59-05:00 is no date"),
        (["--prefix", "originals/\udcff"], "--prefix 'originals/\\udcff' is not UTF-8"),
        (["--since", "2026-03-02", "--until", "2026-03-01"], "Nothing lies between"),
        (["--state", "/proc/none/state.json"], "/proc/none/state.json cannot be written"),
    ],
)
def test_options_that_mean_nothing_are_explained(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    bucket.put(photo(1))
    status, told = _said(capsys, bucket.file, *options)
    assert status == 1
    assert told.startswith(said)
    assert told.count("\n") == 1
    assert bucket.received() == []


@pytest.mark.parametrize(
    "options",
    [["--rate", "0"], ["--rate", "nan"], ["--rate", "0.009"], ["--route", "sounds"]],
)
def test_options_that_argparse_refuses_exit_with_2(bucket: Bucket, options: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        backfill.main([bucket.file, *options])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "There is no file {file}: write it with `terraform output -json media`"),
        ("{}", "{file} is not the module's outputs (Object missing required field `bucket`)"),
        ("not json", "{file} is not the module's outputs (JSON is malformed"),
        ("[]", "{file} is not the module's outputs (Expected `object`"),
        ("[" * 100_000, "{file} is not the module's outputs (maximum recursion depth"),
    ],
)
def test_outputs_that_are_none_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    file = tmp_path / "media.json"
    if text is not None:
        file.write_text(text)
    status, told = _said(capsys, str(file))
    assert status == 1
    assert told.startswith(said.format(file=file))
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"queues": {}}, "The module has no queues: set `intake.enabled`"),
        ({"recipe": {"sounds": {}}}, "is none that this checkout knows"),
        ({"table": {"name": TABLE, "arn": "media"}}, "`table.arn` is 'media'"),
        ({"queues": {"sounds": {"queue": {"url": "u"}}}}, "Invalid enum value 'sounds'"),
        ({"functions": {"images": {"memory_mb": -5}}}, "Expected `int` >= 1"),
    ],
)
def test_outputs_that_do_not_suit_are_explained(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], change: dict[str, Any], said: str
) -> None:
    status, told = _said(capsys, bucket.write(bucket.outputs(**change)))
    assert status == 1
    assert said in told
    assert told.count("\n") == 1


def test_a_route_without_a_queue_is_explained(
    bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    del bucket.urls["videos"]
    status, told = _said(capsys, bucket.file, "--route", "videos")
    assert (status, told) == (1, "The module has no queue for videos, only for images.\n")


@pytest.mark.parametrize("text", ['{"last_key": 7}', '{"more": ' + "[" * 100_000])
def test_a_state_that_is_none_is_explained(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    state = bucket.folder / "state.json"
    state.write_text(text)
    status, told = _said(capsys, bucket.file, "--state", str(state))
    assert status == 1
    assert told.startswith(f"{state} is no state of a backfill that can be read (")


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("list", "allow s3:ListBucket on the bucket."),
        ("read", "allow dynamodb:BatchGetItem on the table."),
        ("send", "allow sqs:SendMessage on the queues."),
    ],
)
def test_credentials_that_may_not_are_explained(
    bucket: Bucket,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    said: str,
) -> None:
    bucket.put(photo(1))
    client: Any = {"list": bucket.s3, "read": bucket.dynamodb, "send": bucket.sqs}[operation]

    client.meta.events.register("before-call", _answer_denied)
    services = Services(bucket.s3, bucket.dynamodb, bucket.sqs, bucket.clock, bucket.clock.sleep)
    monkeypatch.setattr(backfill, "_services", lambda _: services)
    status, told = _said(capsys, bucket.file, "--state", str(bucket.folder / "state.json"))
    assert (status, told.count("\n")) == (1, 1)
    assert told.startswith("These credentials may not do what is needed (AccessDenied: Denied): ")
    assert told.rstrip("\n").endswith(said)


def _answer_denied(**_: object) -> tuple[Any, dict[str, Any]]:
    class Http:
        status_code = 403

    return Http(), {"Error": {"Code": "AccessDenied", "Message": "Denied."}}


def test_no_credentials_are_explained(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = bucket.file
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    status, told = _said(capsys, file, "--dry-run")
    assert (status, told) == (1, "There are no AWS credentials: set AWS_PROFILE, or sign in.\n")


def test_a_bucket_that_is_gone_is_explained(
    bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = {"name": "no-such-bucket", "arn": "arn:aws:s3:::no-such-bucket"}
    status, told = _said(capsys, bucket.write(bucket.outputs(bucket=gone)), "--dry-run")
    assert status == 1
    assert told.startswith("AWS answered ListObjectsV2 with NoSuchBucket: ")
    assert REGION in told


def test_a_state_says_what_was_asked(bucket: Bucket) -> None:
    run = bucket.backfill("--since", "2026-03-01T02:00+02:00", "--route", "images")
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert (run.state.asked.since, run.state.asked.route) == (format_time(moment), "images")
