"""Awareness updates of y-protocols: for each client its id, a clock and a JSON state or null."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

import msgspec

from collab.ids import Json
from collab.yjs.contents import read_json
from collab.yjs.lib0 import Reader, refuse, refuse_size, write_raw, write_uint

_encode_json = msgspec.json.Encoder().encode

# In yjs and yrs, an awareness clock grows by 1 with every change. yrs reads it into 32 bits.
MAX_CLOCK = 2**32 - 1


@dataclass(frozen=True, slots=True)
class AwarenessBounds:
    """The limits of one awareness update. It may have many states: y-websocket echoes them all."""

    states: int = 1024
    state_bytes: int = 2048


@dataclass(frozen=True, slots=True)
class State:
    """The presence state of a client at its clock; None when the client has left."""

    client: int
    clock: int
    state: dict[str, Json] | None


DEFAULT = AwarenessBounds()


def decode(
    body: bytes, bounds: AwarenessBounds = DEFAULT, *, only: Container[int] | None = None
) -> list[State]:
    """The states of an update. When `only` is given, skip other clients' states without reading.

    y-websocket echoes other clients' states. An echoed state may be larger than a Yjs client's
    state may be. The server must not refuse the sender's own state because of this echo.
    """
    reader = Reader(body)
    count = reader.count(least=3)
    if count > bounds.states:
        refuse_size(f"an awareness update has more than {bounds.states} states")
    states: dict[int, State] = {}
    for _ in range(count):
        client = reader.uint()
        clock = reader.uint()
        text = reader.raw()
        if only is None or client in only:
            if client in states:
                refuse("an awareness update names a client twice")
            states[client] = State(client, _checked(clock), _read_state(text, bounds))
    reader.finish()
    return list(states.values())


def _checked(clock: int) -> int:
    if clock > MAX_CLOCK:
        refuse("an awareness clock is longer than 32 bits")
    return clock


def _read_state(text: bytes, bounds: AwarenessBounds) -> dict[str, Json] | None:
    if len(text) > bounds.state_bytes:
        refuse_size(f"an awareness state is larger than {bounds.state_bytes} bytes")
    state = read_json(text)
    if state is not None and not isinstance(state, dict):
        refuse("an awareness state is not a JSON object")
    return state


def encode(states: Iterable[State]) -> bytes:
    out = bytearray()
    count = 0
    for state in states:
        count += 1
        write_uint(out, state.client)
        write_uint(out, state.clock)
        write_raw(out, _encode_json(state.state))
    head = bytearray()
    write_uint(head, count)
    return bytes(head + out)
