"""What the server and its child process send one another."""

from __future__ import annotations

import msgspec
import pytest

from collab.errors import Code
from collab.ports.assets import WIDTHS
from server.assets.exchange import (
    MAX_ANSWER,
    Answer,
    PictureBounds,
    Prepared,
    Refused,
    decode_header,
    encode_header,
    parts_of,
)


def test_an_unchanged_picture_is_not_sent_back() -> None:
    body = b"picture"
    header, *contents = parts_of(Prepared("image/png", 3, 2, body, {480: b"copy"}), body)
    assert decode_header(header) == Answer("image/png", 3, 2, None, {480: 4})
    assert contents == [b"copy"]


def test_a_changed_picture_comes_before_its_copies() -> None:
    header, *contents = parts_of(Prepared("image/png", 3, 2, b"new", {960: b"a", 480: b"bc"}), b"")
    assert decode_header(header) == Answer("image/png", 3, 2, 3, {960: 1, 480: 2})
    assert contents == [b"new", b"a", b"bc"]


def test_a_refusal_keeps_its_code() -> None:
    refused = Refused(Code.INVALID_ASSET, "damaged")
    assert decode_header(encode_header(refused)) == refused


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"\x80", encode_header({"kind": "Other"})])
def test_another_header_is_an_error(raw: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_header(raw)


def test_memory_grows_with_the_limit_of_pixels() -> None:
    assert PictureBounds(pixels=50_000_000).memory < 2 * 1024**3
    assert PictureBounds(pixels=1).memory > 256 * 1024**2


def test_widths_grow() -> None:
    assert [*WIDTHS] == sorted(WIDTHS) == [480, 960, 1920]


@pytest.mark.parametrize(
    "header",
    [
        Answer("text/html", 1, 1, None, {}),
        Answer("image/bmp", 1, 1, None, {}),
        Answer("image/png", 0, 1, None, {}),
        Answer("image/png", 1, -1, None, {}),
        Answer("image/png", 1, 1, -1, {}),
        Answer("image/png", 1, 1, MAX_ANSWER + 1, {}),
        Answer("image/png", 1, 1, MAX_ANSWER, {480: 1}),
        Answer("image/png", 1, 1, 5, {480: -1}),
        Answer("image/png", 1, 1, 5, {481: 1}),
    ],
)
def test_an_answer_that_no_sound_process_sends_is_known(header: Answer) -> None:
    assert not header.is_possible
    assert Answer("image/svg+xml", 3, 2, MAX_ANSWER - 3, {480: 1, 960: 1, 1920: 1}).is_possible
