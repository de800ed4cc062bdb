"""The Yjs lane inside the process: unrequested messages, and the answers to sync step 1 and 2."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from collab.rights.user_rights import Rights, Role
from collab.structs.guard import STALE
from collab.yjs import awareness, frames
from collab.yjs.server_ids import server_id
from server.access.tokens import Claims, mint
from server.app import build, socket_bounds
from server.http1.uvicorn_protocols import protocol_classes
from server.lanes import session
from server.runtime.settings import Settings
from storage.memory.store import MemoryStore
from tests.collab.yjs.updates import NULL, plain, uint, update
from tests.server.lanes.lane_clients import lanes
from tests.yjs_peer import QUERY_AWARENESS

EMPTY = b"\x00"


def edit(clock: int, client: int = 7) -> bytes:
    """An update that sets a key of `content`."""
    return update((client, clock, [plain(NULL, root="content", key=f"k{clock}")]))


def vector(client: int, clock: int) -> bytes:
    return uint(1) + uint(client) + uint(clock)


@asynccontextmanager
async def serving(store: MemoryStore, *users: str) -> AsyncIterator[list[str]]:
    """Run a server in this process; yield one document's address for each editor."""
    app = build(Settings(), store)
    async with app.router.lifespan_context(app):
        services = app.state.services
        now = services.clock.now_ms()
        rights = Rights(Role.EDITOR, now + 60_000)
        key = await services.keyring.ensure_key("demo")
        tokens = [mint(key, Claims("demo", user, user, rights, now, kid="")) for user in users]
        http, ws = protocol_classes(socket_bounds(Settings()))
        config = Config(app, http=http, ws=ws, lifespan="off", log_config=None)
        config.load()
        make = asyncio.get_running_loop().create_server
        listening = await make(lambda: http(config, ServerState(), {}), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        try:
            yield [f"ws://127.0.0.1:{port}/v1/yjs/page?token={token}" for token in tokens]
        finally:
            listening.close()
            await listening.wait_closed()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """An editor's address of a document that does not exist yet."""
    async with serving(MemoryStore(), "ada") as urls:
        yield urls[0]


async def _hear(socket: ClientConnection, count: int) -> list[frames.Message]:
    """Receive `count` messages. Each frame has only one, because y-websocket reads only one."""
    heard = []
    for _ in range(count):
        frame = await socket.recv()
        assert isinstance(frame, bytes)
        [message] = frames.decode(frame)
        heard.append(message)
    return heard


async def test_the_server_sends_a_message_within_15_seconds(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.KEEP_ALIVE_SECONDS < 15
    monkeypatch.setattr(session, "KEEP_ALIVE_SECONDS", 0.01)
    async with connect(url, compression=None) as socket:
        heard = await _hear(socket, 6)
    # The server's step 1 and the awareness of all clients; then empty keep-alive messages.
    assert sum(isinstance(message, frames.SyncStep1) for message in heard) == 1
    spoken = [message for message in heard if isinstance(message, frames.AwarenessUpdate)]
    assert [awareness.decode(message.body) for message in spoken] == [[]] * 5


async def test_a_step_1_is_answered_before_the_document_exists(url: str) -> None:
    async with connect(url, compression=None) as socket:
        await socket.send(frames.sync_step1(EMPTY))
        heard = await _hear(socket, 3)
    assert frames.SyncStep1(EMPTY) in heard
    assert frames.SyncStep2(b"\x00\x00") in heard


async def test_each_message_of_a_frame_gets_its_own_answer_frame(
    url: str,
) -> None:
    async with connect(url, compression=None) as socket:
        await socket.send(frames.sync_step1(EMPTY) + QUERY_AWARENESS)
        heard = await _hear(socket, 4)
    assert sum(isinstance(message, frames.AwarenessUpdate) for message in heard) == 2
    assert sum(isinstance(message, frames.SyncStep2) for message in heard) == 1


async def _hears(socket: ClientConnection, kind: type[frames.Message]) -> bool:
    """Whether a message of this kind arrives; False when the server closes with 4410."""
    try:
        while not isinstance((await _hear(socket, 1))[0], kind):
            pass
    except ConnectionClosed:
        assert (socket.close_code, socket.close_reason) == (4410, STALE.message)
        return False
    return True


async def test_g25_a_client_is_asked_for_missing_updates_once_more(
    url: str,
) -> None:
    async with connect(url, compression=None) as socket:
        assert await _hears(socket, frames.SyncStep1)
        await socket.send(frames.sync_step2(edit(5)))
        assert await _hears(socket, frames.SyncStep1)
        await socket.send(frames.sync_step2(edit(5)))
        assert not await _hears(socket, frames.SyncStep1)


async def test_g25_an_accepted_step_2_resets_the_count(url: str) -> None:
    async with connect(url, compression=None) as socket:
        assert await _hears(socket, frames.SyncStep1)
        for clock in range(3):
            await socket.send(frames.sync_step2(edit(5)))
            assert await _hears(socket, frames.SyncStep1)
            await socket.send(frames.sync_step2(edit(clock)))


async def test_g25_each_update_with_missing_parts_causes_a_step_1(url: str) -> None:
    async with connect(url, compression=None) as socket:
        assert await _hears(socket, frames.SyncStep1)
        for _ in range(4):
            await socket.send(frames.update(edit(5)))
            assert await _hears(socket, frames.SyncStep1)


async def test_g24_a_state_vector_of_another_history_closes_at_once(
    url: str,
) -> None:
    for client in (1, server_id(2), server_id(1_795_877_807_123)):
        async with connect(url, compression=None) as socket:
            assert await _hears(socket, frames.SyncStep1)
            await socket.send(frames.sync_step1(vector(client, 1)))
            assert not await _hears(socket, frames.SyncStep1)
    async with connect(url, compression=None) as socket:
        assert await _hears(socket, frames.SyncStep1)
        await socket.send(frames.sync_step1(vector(7, 1)))
        assert await _hears(socket, frames.SyncStep2)


async def test_g24_a_client_with_another_instances_edits_is_not_stale() -> None:
    store = MemoryStore()
    async with (
        serving(store, "bo") as (one,),
        serving(store, "ada") as (two,),
        connect(one, compression=None) as bo,
    ):
        await bo.send(frames.update(edit(0)) + frames.sync_step1(EMPTY))
        assert await _hears(bo, frames.SyncStep2)
        async with connect(two, compression=None) as ada:
            # The second instance has read the first edit.
            assert await _hears(ada, frames.SyncStep1)
            await bo.send(frames.update(edit(1)) + frames.sync_step1(EMPTY))
            assert await _hears(bo, frames.SyncStep2)
            await ada.send(frames.sync_step1(vector(7, 2)))
            assert await _hears(ada, frames.SyncStep2)
            await ada.send(frames.sync_step1(vector(7, 3)))
            assert not await _hears(ada, frames.SyncStep1)


# --- one frame, without a network -----------------------------------------------------------------


async def test_a_frame_is_charged_its_bytes_and_its_messages() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.yjs_client()
        inbound = it.services.budget_pool._budgets[it.live.key, "ada"].inbound

        def left() -> list[int | None]:
            now = it.clock.monotonic()
            return [inbound.bytes.whole_units(now), inbound.messages.whole_units(now)]

        before, frame = left(), frames.sync_step1(EMPTY) + frames.update(edit(0))
        client.socket.handler.on_binary(frame)
        after = left()
        assert [was - now for was, now in zip(before, after, strict=True) if was and now] == [
            len(frame),
            2,
        ]


async def test_an_update_is_applied_and_a_step_1_is_answered_with_a_step_2() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.yjs_client()
        await it.settled()
        client.socket.yjs()
        client.socket.handler.on_binary(frames.update(edit(0)) + frames.sync_step1(EMPTY))
        await it.settled()
        assert it.live.room.value == {"n": 0, "k0": None}
        answers = [one for one in client.socket.yjs() if isinstance(one, frames.SyncStep2)]
        assert answers == [frames.SyncStep2(it.live.room.document.update_since(EMPTY))]


async def test_the_next_question_waits_until_the_budget_covers_the_last_answer() -> None:
    async with lanes({"t": "x" * 9_000}, out_bytes_per_second=1_000, out_burst=1_000) as it:
        client = await it.yjs_client()
        await it.settled()
        for frame, is_read in ((frames.sync_step1(EMPTY), True), (frames.update(edit(0)), True)):
            client.socket.handler.on_binary(frame)
            await it.settled()
            assert client.socket.is_reading is is_read
        client.socket.handler.on_binary(frames.sync_step1(EMPTY))
        assert not client.socket.is_reading


async def test_a_frame_above_the_limit_may_not_consist_of_presence() -> None:
    async with lanes({"n": 0}, max_frame=1_000) as it:
        refused = []
        for size in (997, 998):
            client = await it.yjs_client()
            client.socket.handler.on_binary(frames.awareness(bytes(size)))
            [(_, reason)] = client.socket.closed
            refused.append("a message has 1001 bytes, but 1000 are allowed" in reason)
        assert refused == [False, True], "the first is only malformed"
        client = await it.yjs_client()
        client.socket.handler.on_binary(frames.update(bytes(1_200)))
        assert client.socket.closed == [], "an update may be larger: it is split"


async def test_presence_marks_its_client_alive_at_the_time_of_the_frame() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.yjs_client()
        it.clock.advance(5)
        body = awareness.encode([awareness.State(7, 1, {"at": 1})])
        client.socket.handler.on_binary(frames.awareness(body))
        entry = it.live.presence.book._entries[client.session.feed.session]
        assert (entry.client_id, entry.last_seen_at) == (7, it.clock.monotonic())
