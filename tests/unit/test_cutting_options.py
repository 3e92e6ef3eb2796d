"""Payloads of cutting jobs: what they mean, and how bad ones are refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from cutting.options import Fixed, Random, Request, TextInput, parse_request
from media_pipeline.failures import BadPayloadError


def test_nothing_asked_for_means_pieces_of_thirty_seconds() -> None:
    expected = Request(Fixed(Fraction(30)), None, "encode")
    assert parse_request({}) == expected
    assert parse_request({"cutting_options": {}, "text_input": None, "mode": None}) == expected
    nulls = {"type": None, "duration_seconds": None, "seed": None, "mode": None}
    assert parse_request({"cutting_options": nulls, "s3_key": "a.mp4", "else": 1}) == expected


def test_lengths_are_taken_as_they_are_written() -> None:
    options = {"type": "fixed", "duration_seconds": 5.1, "unknown": True}
    assert parse_request({"cutting_options": options}).options == Fixed(Fraction(51, 10))
    options = {"type": "random", "min_duration": 5, "max_duration": 600, "seed": 7}
    expected = Random(Fraction(5), Fraction(600), 7)
    assert parse_request({"cutting_options": options}).options == expected


@pytest.mark.parametrize(
    "payload", [{"mode": "copy"}, {"cutting_options": {"mode": "copy"}}], ids=["top", "inside"]
)
def test_the_mode_stands_in_either_place(payload: dict[str, Any]) -> None:
    assert parse_request(payload).mode == "copy"


def test_texts_are_read() -> None:
    text: dict[str, Any] = {
        "strategy": "base_vary",
        "base_text": "a: 'b' \\ 100 %\n",
        "unique_texts": ["", "ü"],
    }
    expected = TextInput("base_vary", "a: 'b' \\ 100 %\n", ("", "ü"))
    assert parse_request({"text_input": text}).text == expected
    text = {"strategy": "unique_for_all", "unique_texts": ["a"]}
    assert parse_request({"text_input": text}).text == TextInput("unique_for_all", "", ("a",))


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"mode": "fast"}, ["$.mode"]),
        ({"mode": "copy", "cutting_options": {"mode": "encode"}}, ["cutting_options.mode"]),
        ({"mode": "copy", "text_input": {"strategy": "one_for_all", "base_text": "a"}}, ["copy"]),
        ({"cutting_options": []}, ["$.cutting_options"]),
        ({"cutting_options": {"type": "even"}}, ["$.cutting_options.type"]),
        ({"cutting_options": {"duration_seconds": 4.9}}, ["duration_seconds", ">= 5"]),
        ({"cutting_options": {"duration_seconds": 601}}, ["duration_seconds", "<= 600"]),
        ({"cutting_options": {"duration_seconds": "30"}}, ["duration_seconds", "float"]),
        ({"cutting_options": {"duration_seconds": True}}, ["duration_seconds", "float"]),
        ({"cutting_options": {"type": "random", "max_duration": 9}}, ["min_duration", "5 to 600"]),
        ({"cutting_options": {"type": "random", "min_duration": 9}}, ["max_duration", "5 to 600"]),
        (
            {"cutting_options": {"type": "random", "min_duration": 9, "max_duration": 8}},
            ["min_duration", "at most", "max_duration"],
        ),
        ({"cutting_options": {"seed": 1.5}}, ["$.cutting_options.seed", "int"]),
        ({"text_input": "hello"}, ["$.text_input"]),
        ({"text_input": {"base_text": "a"}}, ["$.text_input", "strategy"]),
        ({"text_input": {"strategy": "all"}}, ["$.text_input.strategy"]),
        ({"text_input": {"strategy": "one_for_all"}}, ["text_input.base_text"]),
        ({"text_input": {"strategy": "base_vary", "unique_texts": ["a"]}}, ["base_text"]),
        ({"text_input": {"strategy": "unique_for_all"}}, ["text_input.unique_texts"]),
        ({"text_input": {"strategy": "unique_for_all", "unique_texts": []}}, ["unique_texts"]),
        ({"text_input": {"strategy": "one_for_all", "base_text": "a" * 2001}}, ["2000"]),
        ({"text_input": {"strategy": "unique_for_all", "unique_texts": ["a"] * 1001}}, ["1000"]),
        ({"text_input": {"strategy": "unique_for_all", "unique_texts": [None]}}, ["unique_texts"]),
    ],
)
def test_a_bad_payload_names_the_field(payload: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(BadPayloadError) as refused:
        parse_request(payload)
    assert all(word in refused.value.sentence for word in words), refused.value.sentence


def test_random_pieces_of_a_job_are_the_same_when_it_is_tried_again() -> None:
    options = {"type": "random", "min_duration": 5, "max_duration": 9}
    request = parse_request({"cutting_options": options})
    assert request.seeded("job-1") == request.seeded("job-1") != request.seeded("job-2")
    chosen = parse_request({"cutting_options": {**options, "seed": 7}})
    assert chosen.seeded("job-1") == chosen
    assert parse_request({}).seeded("job-1") == parse_request({})
