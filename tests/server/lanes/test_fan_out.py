"""One loop sends a commit to all readers of a lane: what each gets, and what a failure stops."""

from __future__ import annotations

from typing import Any

import pytest

from collab import wire
from collab.errors import Close
from collab.messages import Change
from collab.yjs import frames as yjs_frames
from server.lanes.feed import FULL_SOCKET, Feed
from tests.server.lanes.lane_clients import Lanes, PatchClient, YjsClient, lanes

LANES = ("patch", "yjs")


async def readers(it: Lanes, lane: str, count: int) -> list[PatchClient | YjsClient]:
    """Return readers at the head that have got all earlier messages."""
    clients = [
        await (it.patch_client() if lane == "patch" else it.yjs_client()) for _ in range(count)
    ]
    await it.settled()
    for client in clients:
        client.socket.frames.clear()
    return clients


def feed_of(client: PatchClient | YjsClient) -> Feed:
    return client.session.feed


def changes(client: PatchClient | YjsClient) -> int:
    """Return how many changes a reader got since the last call."""
    if isinstance(client, PatchClient):
        return sum(one["type"] == "change" for one in client.socket.messages())
    return sum(isinstance(one, yjs_frames.SyncUpdate) for one in client.socket.yjs())


@pytest.mark.parametrize("lane", LANES)
async def test_each_reader_gets_each_commit_once(lane: str) -> None:
    async with lanes({"n": 0}) as it:
        clients = await readers(it, lane, 3)
        for number in range(4):
            await it.set("/n", number + 1)
            assert [changes(client) for client in clients] == [1, 1, 1]
        assert {feed_of(client).position for client in clients} == {it.live.room.version}


@pytest.mark.parametrize("lane", LANES)
async def test_a_reader_that_fails_is_closed_and_stops_no_other(
    lane: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lanes({"n": 0}) as it:
        first, failing, last = await readers(it, lane, 3)

        def fail(frames: bytes) -> None:
            raise OSError("the transport has a bug")

        monkeypatch.setattr(failing.socket, "write", fail)
        await it.set("/n", 1)
        assert (changes(first), changes(last)) == (1, 1)
        assert failing.socket.codes == [Close.OUR_FAULT]
        await it.set("/n", 2)
        assert (changes(first), changes(last)) == (1, 1)


@pytest.mark.parametrize("lane", LANES)
async def test_a_reader_with_a_full_socket_is_paused_and_the_others_go_on(lane: str) -> None:
    async with lanes({"n": 0}) as it:
        slow, fast = await readers(it, lane, 2)
        slow.socket.waiting = FULL_SOCKET + 1
        for number in range(3):
            await it.set("/n", number + 1)
        assert (changes(slow), changes(fast)) == (0, 3)
        slow.socket.waiting = 0
        slow.session.on_writable()
        await it.settled()
        assert changes(slow) == 1
        assert feed_of(slow).position == it.live.room.version
        await it.set("/n", 9)
        assert (changes(slow), changes(fast)) == (1, 1)


async def test_another_tab_of_the_author_gets_the_id_of_its_user() -> None:
    async with lanes({"n": 0}) as it:
        author, tab = await it.patch_client(), await it.patch_client()
        other = await it.patch_client(it.token("cy"))
        await it.settled()
        for client in (author, tab, other):
            client.socket.frames.clear()
        author.patch("p-1", "/n", 1, base=it.live.room.version)
        await it.settled()
        assert author.heard() == [("ack", "p-1", 2)]
        assert tab.heard() == [("change", "p-1", 2)]
        assert other.heard() == [("change", 2)]


async def test_all_tabs_of_the_author_get_one_encoded_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encode, encoded = wire.encode, list[int]()

    def count(message: Any) -> bytes:
        if isinstance(message, Change):
            encoded.append(message.version)
        return encode(message)

    async with lanes({"n": 0}) as it:
        author, *tabs = [await it.patch_client() for _ in range(9)]
        await it.settled()
        for client in (author, *tabs):
            client.socket.frames.clear()
        monkeypatch.setattr(wire, "encode", count)
        for number in range(3):
            author.patch(f"p-{number}", "/n", number + 1, base=it.live.room.version)
            await it.settled()
        for tab in tabs:
            assert tab.heard() == [("change", f"p-{number}", number + 2) for number in range(3)]
        assert encoded == [2, 3, 4]


@pytest.mark.parametrize("lane", LANES)
async def test_a_closed_reader_gets_nothing(lane: str) -> None:
    async with lanes({"n": 0}) as it:
        gone, there = await readers(it, lane, 2)
        gone.socket.lose(1006)
        await it.set("/n", 1)
        assert (changes(gone), changes(there)) == (0, 1)
