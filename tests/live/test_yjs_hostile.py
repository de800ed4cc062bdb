"""A hostile or faulty Yjs client gets its close code and disturbs no other client."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from collab.rights.user_rights import Role
from collab.yjs import frames
from collab.yjs.update import decode_state_vector
from tests.live.conftest import Join, JoinYjs
from tests.running import RunningServer
from tests.yjs_peer import YjsPeers

EMPTY = b"\x00"


def update(client: int, clock: int, struct: bytes) -> bytes:
    """A frame with an update of one struct by one client."""
    section = bytes([1, 1]) + _uint(client) + _uint(clock) + struct
    return frames.update(section + b"\x00")


def _uint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _string(text: str) -> bytes:
    return _uint(len(text.encode())) + text.encode()


def _put(key: str, content: bytes) -> bytes:
    """A struct that sets a key of the root map `content`."""
    return bytes([0x28]) + b"\x01" + _string("content") + _string(key) + content


def _any(value: bytes) -> bytes:
    return b"\x01" + value


DEEP = _any(b"\x75\x01" * 20_000 + b"\x7e")
HOSTILE: dict[str, tuple[Any, int]] = {
    "a text frame": ("hello", 4400),
    "nothing": (b"", 4400),
    "garbage": (bytes(range(200, 255)) * 9, 4400),
    "an unknown message type": (b"\x07\x01\x02", 4400),
    "an unknown sync step": (b"\x00\x09\x01\x00", 4400),
    "a cut update": (b"\x00\x02\x20\x01\x01", 4400),
    "the four bytes that stall": (frames.update(b"\xff\xff\xff\x7f"), 4400),
    "the same as a state vector": (frames.sync_step1(b"\xff\xff\xff\x7f"), 4400),
    "a V2 update": (frames.update(bytes.fromhex("000000000000000000000000")), 4400),
    "values nested 20,000 deep": (update(7777, 0, _put("deep", DEEP)), 4400),
    "awareness that is none": (frames.awareness(b"\x01\x05\x01\x03[1]"), 4400),
    "an awareness state too large": (
        frames.awareness(b"\x01\x05\x01" + _string('{"a":"' + "x" * 4000 + '"}')),
        4400,
    ),
    "a frame beyond the limit": (b"\x00\x02" + bytes(2**22 + 1), 4400),
}


async def _close_code(socket: ClientConnection) -> int:
    try:
        while True:
            await socket.recv()
    except ConnectionClosed:
        assert socket.close_code is not None
        return socket.close_code


@pytest.mark.parametrize("attack", HOSTILE)
async def test_a_hostile_frame_gets_its_code_and_other_clients_stay(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str, attack: str
) -> None:
    patch = await join(doc, ada, create={"title": "Hello"})
    yjs = await join_yjs(doc, ada)
    url = f"{server.ws}/v1/yjs/{doc}?token={bo}"
    message, code = HOSTILE[attack]
    async with connect(url, max_size=None, compression=None) as socket:
        await socket.send(frames.sync_step1(EMPTY))
        await socket.send(message)
        assert await _close_code(socket) == code
    await patch.set("/title", "Still here")
    await yjs.until_equals("/title", "Still here")
    assert (patch.version, patch.value) == (2, {"title": "Still here"})
    assert await yjs.run("return peer.closed") is None


async def _expect(socket: ClientConnection, kind: type[Any]) -> Any:
    """Return the next message of a kind."""
    while True:
        frame = await socket.recv()
        assert isinstance(frame, bytes)
        [message] = frames.decode(frame)
        if isinstance(message, kind):
            return message


async def test_an_update_with_missing_dependencies_gets_the_state_vector(
    join: Join, ada: str, doc: str, server: RunningServer, bo: str
) -> None:
    patch = await join(doc, ada, create={"title": "Hello"})
    async with connect(f"{server.ws}/v1/yjs/{doc}?token={bo}", compression=None) as socket:
        first = await _expect(socket, frames.SyncStep1)
        await socket.send(update(7777, 5, _put("late", _any(b"\x78"))))
        assert await _expect(socket, frames.SyncStep1) == first
        await socket.send(update(7777, 0, _put("soon", _any(b"\x78"))))
        await patch.until_version(2)
    assert patch.value == {"title": "Hello", "soon": True}


async def test_new_edits_under_another_users_client_id_close_with_4410(
    join: Join, join_yjs: JoinYjs, server: RunningServer, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={"title": "Hello"})
    yjs = await join_yjs(doc, ada, client_id=4711)
    await yjs.run("content.set('mine', 1)")
    await patch.until_version(2)
    for client in (4711, 1):  # the other user's client id, and the server's own
        async with connect(f"{server.ws}/v1/yjs/{doc}?token={bo}", compression=None) as socket:
            known = decode_state_vector((await _expect(socket, frames.SyncStep1)).state_vector)
            await socket.send(update(client, known[client], _put("theirs", _any(b"\x78"))))
            assert await _close_code(socket) == 4410
    await yjs.run("content.set('mine', 2)")
    await patch.until_version(3)
    assert patch.value == {"title": "Hello", "mine": 2}


async def test_a_bad_token_closes_with_its_code(
    server: RunningServer, join: Join, peers: YjsPeers, ada: str, doc: str
) -> None:
    await join(doc, ada, create={"title": "Hello"})
    tokens = {
        "": 4401,
        "not.a.token": 4401,
        await server.mint("ada", Role.VIEWER, tenant="other"): 4404,
        await server.mint("ada", docs=("elsewhere-*",)): 4404,
    }
    for token, code in tokens.items():
        peer = await peers.peer()
        await peer.connect(server.ws, doc, token)
        assert await peer.closed() == code
        assert await peer.run("return peer.provider.shouldConnect") is False, "it must not return"


async def test_an_expiring_token_closes_the_connection_with_4401(
    server: RunningServer, join: Join, peers: YjsPeers, ada: str, doc: str
) -> None:
    await join(doc, ada, create={"title": "Hello"})
    peer = await peers.peer()
    await peer.connect(server.ws, doc, await server.mint("bo", seconds=2))
    await peer.synced()
    assert await peer.closed() == 4401
    assert await peer.run("peer.closed = null; return peer.provider.shouldConnect") is False
    await peer.ask("reconnect")  # with the same token
    assert await peer.closed() == 4401


async def test_another_tenants_editor_creates_a_document_of_its_own_tenant(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, doc: str
) -> None:
    patch = await join(doc, ada, create={"title": "Hello"})
    stranger = await join_yjs(doc, await server.mint("ada", tenant="other"))
    assert await stranger.read() == {}
    await stranger.run("content.set('theirs', 1)")
    await patch.set("/title", "Ours")
    assert patch.value == {"title": "Ours"}
