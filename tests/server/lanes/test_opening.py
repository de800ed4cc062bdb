"""The patch lane before `open`, during it, and after the socket has closed."""

from __future__ import annotations

import asyncio

from collab.rights.user_rights import Role
from tests.faults.inside import PAGE
from tests.held_store import until
from tests.server.lanes.lane_clients import PatchClient, lanes


async def test_an_opened_client_gets_the_value_and_then_answers_in_order() -> None:
    async with lanes({"n": 0}) as it:
        client = PatchClient(it, it.token())
        client.says(
            {"type": "open", "token": client.token},
            {"type": "ping", "at": 1},
        )
        client.patch("p-1", "/n", 1, base=1)  # while the document is opened
        client.patch("p-2", "/n", 2, base=1)
        assert not client.socket.is_reading
        await client.is_open()
        await it.settled()
        opened, *rest = client.socket.messages()
        assert (opened["type"], opened["version"], opened["value"]) == ("opened", 1, {"n": 0})
        assert [one["type"] for one in rest] == ["pong", "ack", "ack"]
        assert [one["id"] for one in rest[1:]] == ["p-1", "p-2"]
        assert client.socket.is_reading


async def test_the_first_message_must_be_open() -> None:
    async with lanes({"n": 0}) as it:
        for frame in (b'{"type": "ping", "at": 1}', b"[]", b"{", b'{"type": "open", "token": 5}'):
            client = PatchClient(it, "")
            client.socket.handler.on_text(frame)
            assert client.socket.codes == [4400], frame


async def test_a_binary_frame_closes_the_connection() -> None:
    async with lanes({"n": 0}) as it:
        early, late = PatchClient(it, ""), await it.patch_client()
        for client in (early, late):
            client.socket.handler.on_binary(b"x")
            assert client.socket.codes == [4400]


async def test_a_second_open_is_an_error_and_closes_nothing() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        client.open()
        assert client.heard() == [("error", "malformed")]
        assert client.socket.closed == []


async def test_a_client_without_a_valid_token_or_document_is_closed() -> None:
    async with lanes() as it:
        for token, code in (("wrong", 4401), (it.token(age=7_200), 4401), (it.token(), 4404)):
            client = await it.patch_client(token)
            assert client.socket.codes == [code]
        assert it.hub.lives == {}


async def test_a_client_that_leaves_during_its_opening_keeps_nothing_open() -> None:
    async with lanes({"n": 0}) as it:
        it.hub.drop(it.live)
        it.calls.hold("load")
        client = PatchClient(it, it.token())
        client.open()
        await it.calls.reached("load")
        client.socket.lose(1006)
        it.calls.release("load")
        await until(lambda: PAGE in it.hub.lives)
        await until(lambda: not it.live.users)
        assert len(it.live.audience) == 0
        assert client.socket.frames == []


async def test_a_closed_connection_leaves_the_document_and_its_presence() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        assert (it.live.users, len(it.live.audience), len(it.live.presence.book)) == (1, 1, 1)
        client.socket.lose(1001)
        assert (it.live.users, len(it.live.audience), len(it.live.presence.book)) == (0, 0, 0)
        client.socket.handler.on_text(b'{"type": "ping", "at": 1}')
        client.socket.handler.on_pong(b"12345678")
        client.socket.handler.on_writable()
        assert client.socket.frames == []


async def test_a_silent_client_is_closed_and_one_that_has_opened_is_not() -> None:
    async with lanes({"n": 0}) as it:
        silent, spoken = PatchClient(it, ""), PatchClient(it, it.token())
        silent.opening._on_silence()
        assert silent.socket.codes == [4408]
        opening = silent.opening
        assert opening._deadline is not None
        spoken.open()
        assert spoken.opening._deadline is None
        await spoken.is_open()
        silent.socket.lose(4408)
        assert opening._deadline is None


async def test_a_large_opening_waits_for_a_place_and_has_its_own_time() -> None:
    async with lanes({"n": 0}) as it:
        clients = [PatchClient(it, it.token()) for _ in range(5)]
        for client in clients:
            assert client.socket.on_large is not None
            client.socket.pause_reading()
            client.socket.on_large()
        await until(lambda: sum(client.socket.is_reading for client in clients) == 4)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not clients[4].socket.is_reading
        clients[0].open()
        await clients[0].is_open()
        await until(lambda: clients[4].socket.is_reading)
        for client in clients:
            client.socket.lose(1001)


async def test_a_client_that_fails_with_a_bug_is_closed() -> None:
    async with lanes({"n": 0}) as it:
        it.hub.drop(it.live)
        it.calls.fail_next("load", error=RuntimeError("a bug"))
        client = PatchClient(it, it.token(role=Role.VIEWER))
        client.open()
        await until(lambda: client.socket.closed)
        assert client.socket.codes == [1011]
