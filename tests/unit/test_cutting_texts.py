"""Which text each segment gets, and what becomes of a model that gives none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from cutting.options import TextInput
from cutting.texts import BedrockVariations, NoVariationsError, texts_for

MODEL = "vendor.model-v1:0"


def refused(text: str, count: int) -> Sequence[str]:
    raise NoVariationsError("it would not")


def unasked(text: str, count: int) -> Sequence[str]:
    raise AssertionError("the model was asked")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ()),
        (TextInput("one_for_all", "a"), ("a", "a", "a")),
        (TextInput("unique_for_all", "", ("a", "b")), ("a", "b", "b")),
        (TextInput("unique_for_all", "", ("a", "b", "c", "d")), ("a", "b", "c")),
        (TextInput("base_vary", "a", ("b", "c", "d")), ("a", "b", "c")),
        (TextInput("base_vary", "a", ("b",)), ("a", "b", "b")),
    ],
)
def test_texts_that_are_given(text: TextInput | None, expected: tuple[str, ...]) -> None:
    assert texts_for(text, 3, unasked) == (expected, ())


def test_a_model_is_asked_for_as_many_as_there_are_segments_but_one() -> None:
    asked = []

    def vary(text: str, count: int) -> Sequence[str]:
        asked.append((text, count))
        return ["b", "c"]

    assert texts_for(TextInput("base_vary", "a"), 5, vary) == (("a", "b", "c", "b", "c"), ())
    assert asked == [("a", 4)]
    assert texts_for(TextInput("base_vary", "a"), 1, unasked) == (("a",), ())


def test_without_variations_the_base_text_stands_everywhere_and_a_warning_says_why() -> None:
    text = TextInput("base_vary", "a")
    texts, (warning,) = texts_for(text, 3, refused)
    assert texts == ("a", "a", "a")
    assert "it would not" in warning
    texts, (warning,) = texts_for(text, 3, None)
    assert texts == ("a", "a", "a")
    assert "no model is configured" in warning


def answer(said: str, stop: str = "end_turn") -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": said}]}},
        "stopReason": stop,
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    }


@pytest.fixture
def bedrock() -> Stubber:
    client = boto3.client(
        "bedrock-runtime",
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    return Stubber(client)


def test_the_model_is_asked_through_the_converse_api(bedrock: Stubber) -> None:
    said = json.dumps({"variations": ["Grüße", 'x "y"', "beyond"]})
    expected = {"modelId": MODEL, "system": ANY, "messages": ANY, "inferenceConfig": ANY}
    bedrock.add_response("converse", answer(said), expected)
    with bedrock:
        vary = BedrockVariations(MODEL, lambda: bedrock.client)
        assert vary("Hello", 2) == ["Grüße", 'x "y"']
    bedrock.assert_no_pending_responses()


def test_the_question_quotes_the_text_and_the_number() -> None:
    asked: list[str] = []

    class Client:
        def converse(self, **question: Any) -> dict[str, Any]:  # noqa: ANN401
            asked.append(question["messages"][0]["content"][0]["text"])
            return answer('{"variations": ["b"]}')

    BedrockVariations(MODEL, Client)('say "hi"\nnow', 3)
    assert '"say \\"hi\\"\\nnow"' in asked[0]
    assert " 3 " in asked[0]


@pytest.mark.parametrize(
    "answered",
    [
        answer("Here are some: b, c"),
        answer('```json\n{"variations": ["b"]}\n```'),
        answer('{"variations": []}'),
        answer('{"variations": [""]}'),
        answer('{"variations": ["b", 2]}'),
        answer('{"variations": ["' + "b" * 2001 + '"]}'),
        answer('["b"]'),
        answer('{"variations": ["b"', "max_tokens"),
        answer('{"variations": ["b"]}', "guardrail_intervened"),
    ],
)
def test_any_other_answer_is_none(answered: dict[str, Any], bedrock: Stubber) -> None:
    bedrock.add_response("converse", answered)
    with bedrock:
        vary = BedrockVariations(MODEL, lambda: bedrock.client)
        texts, (warning,) = texts_for(TextInput("base_vary", "a"), 2, vary)
    assert texts == ("a", "a")
    assert "the model" in warning


def test_a_refused_request_is_none(bedrock: Stubber) -> None:
    bedrock.add_client_error("converse", "AccessDeniedException", "not for you")
    with bedrock, pytest.raises(NoVariationsError, match="AccessDeniedException"):
        BedrockVariations(MODEL, lambda: bedrock.client)("a", 2)


def test_no_client_is_made_until_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(*_: object, **__: object) -> None:
        raise AssertionError("a client was made")

    monkeypatch.setattr(boto3, "client", make)
    vary = BedrockVariations(MODEL)
    assert texts_for(TextInput("base_vary", "a", ("b",)), 2, vary) == (("a", "b"), ())
