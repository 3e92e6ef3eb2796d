"""The header that names a download, read back by Python's own parser of parameters."""

from __future__ import annotations

import re
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.dispositions import attachment


def saved_as(header: str) -> str | None:
    """The name that a client saves under, which prefers the extended form."""
    message = Message()
    extended = re.sub(r' filename="[^"]*";', "", header)
    message["Content-Disposition"] = extended
    return message.get_filename()


@pytest.mark.parametrize(
    ("name", "saved", "plain"),
    [
        ("clip.mp4", "clip.mp4", "clip.mp4"),
        ("a b+c%.mp4", "a b+c%.mp4", "a b+c_.mp4"),
        ("ü ß.mp4", "ü ß.mp4", "_ _.mp4"),
        ("写真🎬.mp4", "写真🎬.mp4", "___.mp4"),
        ('a"; filename="b.exe', 'a"; filename="b.exe', "a_; filename=_b.exe"),
        ("a\r\nSet-Cookie: b.mp4", "a__Set-Cookie: b.mp4", "a__Set-Cookie: b.mp4"),
        ("../..\\a.mp4", ".._.._a.mp4", ".._.._a.mp4"),
        ("cod\u202e4pm.exe", "cod_4pm.exe", "cod_4pm.exe"),
        ("\ud800.mp4", "_.mp4", "_.mp4"),
        ("", "download", "download"),
    ],
)
def test_a_name_is_saved_as_it_is_but_for_what_is_unsafe(name: str, saved: str, plain: str) -> None:
    header = attachment(name)
    assert saved_as(header) == saved
    assert header.startswith(f'attachment; filename="{plain}"; filename*=')


@given(st.text())
def test_the_header_is_one_line_of_three_parameters(name: str) -> None:
    # The grammar of RFC 6266 and RFC 8187, written out.
    grammar = (
        r"attachment; filename=\"[ !#-\[\]-~]+\"; "
        r"filename\*=UTF-8''(?:[A-Za-z0-9!#$&+\-.^_`|~]|%[0-9A-F]{2})+"
    )
    assert re.fullmatch(grammar, attachment(name))
