"""What a plan says is wrong, where it depends on what the caller said."""

from __future__ import annotations

import pytest

from terraform import TerraformError
from terraform_callers import CALL
from terraform_checkout import Checkout

TOPIC = "arn:aws:sns:eu-central-1:123456789012:on-call"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.mark.parametrize(
    ("said", "sentence", "unsaid"),
    [
        (
            'alarms = { emails = ["a@example.com", "on call@example.com", "pager"] }',
            "these are none: on call@example.com, pager.",
            "a@example.com",
        ),
        (
            f'alarms = {{ emails = ["a@example.com"], topic_arns = ["{TOPIC}"] }}',
            "Leave out `alarms.emails` or `alarms.topic_arns`",
            "alarms.enabled",
        ),
        (
            'alarms = { emails = ["a@example.com"], enabled = false }',
            "or set `alarms.enabled` to true",
            "topic_arns",
        ),
        (
            'sweep = { schedule = "rate(1 day)" }',
            "at least twice a day, for until the sweep runs what has stopped stays so",
            "alarms",
        ),
    ],
)
def test_a_refusal_names_what_is_wrong(
    checkout: Checkout, endpoint: str, said: str, sentence: str, unsaid: str
) -> None:
    folder = checkout.path / "callers" / "wrong"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(CALL.format(said=said, endpoint=endpoint))
    with pytest.raises(TerraformError) as caught:
        checkout.plan("callers/wrong")
    told = " ".join(str(caught.value).replace("\u2502", " ").split())
    _, _, reason = told.partition("Error: Invalid value for variable")
    assert sentence in reason
    assert unsaid not in reason.replace(said, "")
