"""A client library can read the frames of the server."""

from __future__ import annotations

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from server.websocket import frames
from tests.server.websocket.splitting import split

SIZES = (0, 1, 125, 126, 127, 65535, 65536, 100_000)


def read_back(sent: bytes) -> list[Frame]:
    client = ClientProtocol(parse_uri("ws://localhost"), state=State.OPEN)
    client.receive_data(sent)
    assert client.parser_exc is None
    return [event for event in client.events_received() if isinstance(event, Frame)]


@pytest.mark.parametrize("size", SIZES)
def test_text_and_binary_of_any_size_are_read_back(size: int) -> None:
    payload = b"x" * size
    read = read_back(frames.text(payload) + frames.binary(payload))
    assert [(one.opcode, bytes(one.data), one.fin) for one in read] == [
        (Opcode.TEXT, payload, True),
        (Opcode.BINARY, payload, True),
    ]


@pytest.mark.parametrize("size", SIZES)
def test_split_returns_the_framed_messages(size: int) -> None:
    payload = b"x" * size
    joined = frames.text(payload) + frames.binary(b"") + frames.binary(payload)
    assert list(split(joined)) == [
        (frames.TEXT, payload),
        (frames.BINARY, b""),
        (frames.BINARY, payload),
    ]


def test_a_long_reason_is_cut_between_characters() -> None:
    (read,) = read_back(frames.close(4400, "é" * 100))
    assert bytes(read.data) == (4400).to_bytes(2, "big") + "é".encode() * 61


def test_a_long_ping_is_cut() -> None:
    (read,) = read_back(frames.control(frames.PING, b"x" * 200))
    assert bytes(read.data) == b"x" * 125
