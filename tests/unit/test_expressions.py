"""What an expression reads of a record, and what it makes of one."""

from __future__ import annotations

from typing import Any

import pytest

from media_pipeline.expressions import EVERYTHING, Expression, ExpressionError


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("status", {"status"}),
        ('"processing stage".width', {"processing stage"}),
        ("error.message", {"error"}),
        ("renditions[?name==width].formats.jpg.url | [0]", {"renditions"}),
        ("renditions[*].name", {"renditions"}),
        ("renditions[1:2].name", {"renditions"}),
        ("renditions[0].formats.*.url", {"renditions"}),
        ("renditions.{a: width, b: @}", {"renditions"}),
        ("{a: width, b: stream.key | [0], c: `1`}", {"width", "stream"}),
        ("[width, height]", {"width", "height"}),
        ("[stream.rungs[].{a: name}, downloads[].{a: name}][]", {"stream", "downloads"}),
        ("status == 'completed' && width || !height", {"status", "width", "height"}),
        ("sort_by(renditions, &width)[-1].name", {"renditions"}),
        ("join('x', [to_string(width), blurhash])", {"width", "blurhash"}),
        ("map(&url, downloads)", {"downloads"}),
        ("'text'", set()),
        ('`{"width": 1}`.width', set()),
        ("&width", set()),
        ("@", {EVERYTHING}),
        ("@.width", {EVERYTHING}),
        ("keys(@)", {EVERYTHING}),
        ("*.width", {EVERYTHING}),
        ("[]", {EVERYTHING}),
        ("[?width].height", {EVERYTHING}),
        ("[0]", {EVERYTHING}),
    ],
)
def test_an_expression_reads_the_roots_of_its_paths(text: str, reads: set[str]) -> None:
    assert Expression.of(text).reads == reads


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.b", 1),
        ("a.c", None),
        ("c[0].d", None),
        ("{x: a.b, y: c}", {"x": 1, "y": None}),
        ("join('-', ['a', e])", "a-text"),
    ],
)
def test_what_is_there_is_found(text: str, found: Any) -> None:  # noqa: ANN401
    assert Expression.of(text).find({"a": {"b": 1}, "e": "text"}) == found


@pytest.mark.parametrize(
    "text",
    [
        "join(',', missing)",
        "length(missing)",
        "a < e",
        "contains(e, a)",
        "list[::0]",
        "abs(a, a)",
        "sum(list)",
    ],
)
def test_whatever_goes_wrong_is_one_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression.of(text).find({"a": 1, "e": "text", "list": ["text"]})
