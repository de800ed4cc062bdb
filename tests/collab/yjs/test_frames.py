"""The codec of frames, with bytes made by hand and with broken frames of all kinds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.errors import Code, Rejected
from collab.yjs import frames
from collab.yjs.frames import (
    AwarenessUpdate,
    Message,
    PermissionDenied,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
)
from collab.yjs.lib0 import Reader, write_uint
from tests.yjs_peer import QUERY_AWARENESS

CASES: list[tuple[bytes, Message]] = [
    (b"\x00\x00\x01\x00", SyncStep1(b"\x00")),
    (b"\x00\x01\x02\x00\x00", SyncStep2(b"\x00\x00")),
    (b"\x00\x02\x02\x00\x00", SyncUpdate(b"\x00\x00")),
    (b"\x01\x01\x00", AwarenessUpdate(b"\x00")),
    (b"\x02\x00\x02no", PermissionDenied("no")),
    (b"\x03", QueryAwareness()),
]


def encode(message: Message) -> bytes:
    match message:
        case SyncStep1(state_vector):
            return frames.sync_step1(state_vector)
        case SyncStep2(update):
            return frames.sync_step2(update)
        case SyncUpdate(update):
            return frames.update(update)
        case AwarenessUpdate(body):
            return frames.awareness(body)
        case PermissionDenied(reason):
            return frames.permission_denied(reason)
        case QueryAwareness():
            return QUERY_AWARENESS


@pytest.mark.parametrize(("frame", "message"), CASES)
def test_g1_each_message_has_one_form(frame: bytes, message: Message) -> None:
    assert frames.decode(frame) == [message]
    assert encode(message) == frame


def test_g1_several_messages_share_a_frame() -> None:
    assert frames.decode(b"".join(frame for frame, _ in CASES)) == [m for _, m in CASES]


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16383, 16384, 70000])
def test_g1_a_body_of_any_size_survives(size: int) -> None:
    assert frames.decode(frames.update(b"x" * size)) == [SyncUpdate(b"x" * size)]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x04",
        b"\x00",
        b"\x00\x03\x00",
        b"\x00\x02",
        b"\x00\x02\x02\x00",
        b"\x02\x01",
        b"\x02\x00\x01\xff",
        b"\x02\x00\x03\xed\xa0\x80",
        b"\x80\x00",
        b"\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x00\x02\xff\xff\xff\x7f",
        b"\x03\x00",
    ],
)
def test_g2_a_broken_frame_is_malformed(frame: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        frames.decode(frame)
    assert refused.value.refusal.code is Code.MALFORMED


def test_g2_a_frame_of_too_many_queries_is_too_large() -> None:
    assert len(frames.decode(b"\x03" * frames.MAX_MESSAGES)) == frames.MAX_MESSAGES
    with pytest.raises(Rejected) as refused:
        frames.decode(b"\x03" * (frames.MAX_MESSAGES + 1))
    assert refused.value.refusal.code is Code.TOO_LARGE


@given(st.binary(max_size=40))
def test_g2_any_bytes_are_decoded_or_refused(frame: bytes) -> None:
    try:
        messages = frames.decode(frame)
    except Rejected:
        return
    assert b"".join(encode(message) for message in messages) == frame


@given(st.integers(min_value=0, max_value=2**53 - 1))
def test_g3_an_integer_of_53_bits_survives(value: int) -> None:
    out = bytearray()
    write_uint(out, value)
    reader = Reader(bytes(out))
    assert reader.uint() == value
    reader.finish()


@pytest.mark.parametrize("raw", ["80", "8000", "ff00", "8080808080808010", "ffffffffffffffff7f"])
def test_g3_an_overlong_or_oversized_integer_is_malformed(raw: str) -> None:
    with pytest.raises(Rejected):
        Reader(bytes.fromhex(raw)).uint()


@pytest.mark.parametrize(
    ("raw", "value"),
    [("00", 0), ("40", 0), ("3f", 63), ("7f", -63), ("8001", 64), ("c001", -64), ("bf7f", 8191)],
)
def test_g3_a_signed_integer_holds_its_sign_in_the_first_byte(raw: str, value: int) -> None:
    assert Reader(bytes.fromhex(raw)).sint() == value


@pytest.mark.parametrize("raw", ["", "80", "8000", "bfffffffffffffff7f", "80808080808080808001"])
def test_g3_a_broken_signed_integer_is_malformed(raw: str) -> None:
    with pytest.raises(Rejected):
        Reader(bytes.fromhex(raw)).sint()
