"""Which text stands on which segment, and the model that may vary it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import chain, cycle, islice, repeat
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cutting.options import TextInput

if TYPE_CHECKING:
    from collections.abc import Iterable

Vary = Callable[[str, int], Sequence[str]]
"""From a text, so many variations of it, or fewer; raises `NoVariationsError`."""

_MOST_VARIATIONS = 50
_CONFIG = Config(
    connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 3}
)
_INSTRUCTION = (
    "You write captions for short videos. Answer with nothing but one JSON object, "
    'such as {"variations": ["first", "second"]}.'
)
_logger = logging.getLogger(__name__)


class NoVariationsError(Exception):
    """The model gave none; `str` of it says why, for a person."""


class _Answer(msgspec.Struct):
    variations: list[Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]]


def texts_for(
    text: TextInput | None, count: int, vary: Vary | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The text of each of `count` segments, and warnings; no texts where none was asked for.

    Unique texts are padded with their last; variations that are fewer than the segments come again
    in turn. `vary` is None where no model is configured.
    """
    if text is None:
        return (), ()
    if text.strategy == "one_for_all":
        return (text.base_text,) * count, ()
    if text.strategy == "unique_for_all":
        return _first(count, chain(text.unique_texts, repeat(text.unique_texts[-1]))), ()
    varied, warnings = _variations(text, count - 1, vary)
    return _first(count, chain([text.base_text], cycle(varied))), warnings


def _first(count: int, texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(texts, count))


def _variations(
    text: TextInput, count: int, vary: Vary | None
) -> tuple[Sequence[str], tuple[str, ...]]:
    """At least one text for the segments after the first."""
    if text.unique_texts or count <= 0:
        return text.unique_texts or (text.base_text,), ()
    if vary is None:
        reason = "no model is configured to vary it"
    else:
        try:
            return vary(text.base_text, count), ()
        except NoVariationsError as error:
            reason = str(error)
    return (text.base_text,), (f"Every segment has the base text, since {reason}.",)


class BedrockVariations:
    """Variations from a model of Amazon Bedrock; the client is made when it is first needed.

    `model` is a model's or an inference profile's id or ARN.
    """

    def __init__(self, model: str, make_client: Callable[[], Any] | None = None) -> None:
        self._model = model
        self._make_client = make_client or _bedrock

    def __call__(self, text: str, count: int) -> Sequence[str]:
        """At least one and at most `count` variations. Raises `NoVariationsError`."""
        wanted = min(count, _MOST_VARIATIONS)
        try:
            answer = self._make_client().converse(
                modelId=self._model,
                system=[{"text": _INSTRUCTION}],
                messages=[{"role": "user", "content": [{"text": _prompt(text, wanted)}]}],
                inferenceConfig={"maxTokens": 4096},
            )
        except (BotoCoreError, ClientError) as error:
            _logger.warning("The model %s could not be asked", self._model, exc_info=True)
            raise NoVariationsError(f"the model could not be asked ({_cause(error)})") from error
        return _read(answer)[:wanted]


def _bedrock() -> Any:  # noqa: ANN401
    # Loading boto3 is felt at a cold start, and few jobs need it here.
    import boto3

    return boto3.client("bedrock-runtime", config=_CONFIG)


def _prompt(text: str, count: int) -> str:
    quoted = msgspec.json.encode(text).decode()
    return (
        f"Write {count} different short variations of this caption, in its language and of about "
        f"its length: {quoted}"
    )


def _cause(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__


def _read(answer: dict[str, Any]) -> list[str]:
    """The variations in an answer of the Converse API, which is to hold the JSON and no more."""
    if answer.get("stopReason") != "end_turn":
        raise NoVariationsError(f"the model stopped for {answer.get('stopReason')}")
    blocks = answer.get("output", {}).get("message", {}).get("content", [])
    said = "".join(block.get("text", "") for block in blocks)
    try:
        variations = msgspec.json.decode(said, type=_Answer).variations
    except msgspec.DecodeError as error:
        raise NoVariationsError("the model's answer was not the JSON it was asked for") from error
    if not variations:
        raise NoVariationsError("the model gave no variations")
    return variations
