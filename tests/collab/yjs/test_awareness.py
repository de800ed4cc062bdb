"""The awareness codec, with pycrdt's codec and with hostile bodies."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Awareness, Doc

from collab.errors import Code, Rejected
from collab.yjs import awareness
from collab.yjs.awareness import AwarenessBounds, State
from collab.yjs.lib0 import write_raw, write_uint


def body(*states: tuple[int, int, bytes]) -> bytes:
    out = bytearray()
    write_uint(out, len(states))
    for client, clock, text in states:
        write_uint(out, client)
        write_uint(out, clock)
        write_raw(out, text)
    return bytes(out)


def code_of(raw: bytes, bounds: AwarenessBounds = awareness.DEFAULT) -> Code:
    with pytest.raises(Rejected) as refused:
        awareness.decode(raw, bounds)
    return refused.value.refusal.code


def test_g4_the_state_of_a_pycrdt_client_is_decoded() -> None:
    doc: Doc[Any] = Doc()
    peer = Awareness(doc)
    peer.set_local_state({"user": {"name": "Ada"}, "cursor": None})
    raw = peer.encode_awareness_update([doc.client_id])
    assert awareness.decode(raw) == [
        State(doc.client_id, 1, {"user": {"name": "Ada"}, "cursor": None})
    ]


def test_g4_pycrdt_reads_an_encoded_state() -> None:
    peer = Awareness(Doc())
    peer.apply_awareness_update(awareness.encode([State(7, 3, {"a": [1, "é"]})]), "test")
    assert peer.states[7] == {"a": [1, "é"]}


def test_g4_null_means_that_a_client_left() -> None:
    assert awareness.decode(body((1, 2, b"null"))) == [State(1, 2, None)]


def test_g4_the_states_of_other_clients_are_skipped_unread() -> None:
    raw = body((1, 2, b"{}"), (2, 1, b"not json"), (3, 1, b"[" * 5000))
    assert awareness.decode(raw, only={1}) == [State(1, 2, {})]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"true",
        b'"a"',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":9007199254740992}',
        b'{"__proto__":1}',
        b'{"a":[{"constructor":1}]}',
        b'{"\\u005f_proto__":1}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
        b"[" * 2000,
    ],
)
def test_g5_a_state_that_no_patch_may_hold_is_malformed(text: bytes) -> None:
    assert code_of(body((1, 1, text))) is Code.MALFORMED


def test_g5_a_state_of_64_levels_is_read() -> None:
    text = b'{"a":' + b"[" * 63 + b"]" * 63 + b"}"
    assert awareness.decode(body((1, 1, text)))[0].client == 1


def test_g5_a_state_of_too_many_bytes_is_too_large() -> None:
    text = b'{"a":"' + b"x" * 2041 + b'"}'
    assert awareness.decode(body((1, 1, text[:6] + text[7:])))
    assert code_of(body((1, 1, text))) is Code.TOO_LARGE


def test_g5_more_states_than_allowed_are_too_large() -> None:
    raw = body(*((client, 1, b"{}") for client in range(3)))
    assert len(awareness.decode(raw, AwarenessBounds(states=3))) == 3
    assert code_of(raw, AwarenessBounds(states=2)) is Code.TOO_LARGE


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xff\xff\x7f",
        b"\x02\x01\x01\x02{}",
        b"\x01\x01\x01\x02{}\x00",
        body((1, 1, b"{}"), (1, 2, b"{}")),
        body((1, 2**32, b"{}")),
    ],
)
def test_g5_a_broken_body_is_malformed(raw: bytes) -> None:
    assert code_of(raw) is Code.MALFORMED


@given(st.binary(max_size=60))
def test_g5_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    try:
        states = awareness.decode(raw)
    except Rejected:
        return
    assert awareness.decode(awareness.encode(states)) == states


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=9),
        max_size=4,
    )
)
def test_g4_a_state_survives_encode_and_decode(state: dict[str, Any]) -> None:
    raw = awareness.encode([State(1, 1, state)])
    assert awareness.decode(raw)[0].state == msgspec.json.decode(msgspec.json.encode(state))
