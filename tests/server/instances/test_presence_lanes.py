"""Presence across instances, as clients of both lanes see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from collab.ports.gossip import LOST
from collab.presence.shared import PresenceAsked, PresenceShown
from collab.yjs import awareness
from collab.yjs import frames as yjs_frames
from collab.yjs.awareness import State
from server.instances.messages import channel_of, decode
from server.instances.presence_exchange import PresenceExchange
from storage.gossip.memory import MemoryGossip
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE
from tests.server.lanes.lane_clients import Lanes, PatchClient, YjsClient, lanes


class Sharing:
    """The lanes of one instance, with its document open and shared."""

    def __init__(self, name: str, lanes: Lanes, gossip: MemoryGossip) -> None:
        self.lanes = lanes
        self._name = name
        self._exchange = PresenceExchange(gossip, lanes.clock, name)
        self._exchange.opened(lanes.live)
        self._end = gossip.subscribe(channel_of(PAGE), self._on_message)

    def _on_message(self, message: bytes) -> None:
        if message == LOST:
            self._exchange.lost(self.lanes.live)
            return
        read = decode(message)
        assert read is not None
        assert isinstance(read.body, PresenceShown | PresenceAsked)
        self._exchange.receive(self.lanes.live, read.sender, read.body)

    def tick(self) -> None:
        self.lanes.clock.advance(0.1)
        self.lanes.live.presence.close()
        self.lanes.live.presence._tick()

    def close(self) -> None:
        self._end()
        self._exchange.close()
        self.lanes.live.presence.close()


async def settle(*instances: Sharing) -> None:
    for _ in range(12):
        for one in instances:
            one.tick()
        for _ in range(4):
            await asyncio.sleep(0)


@asynccontextmanager
async def two_instances() -> AsyncIterator[tuple[Sharing, Sharing]]:
    store, gossip = MemoryStore(), MemoryGossip()
    async with (
        lanes({"n": 0}, store) as first,
        lanes(None, store) as other,
        first.hub.using(PAGE),
        other.hub.using(PAGE),
    ):
        other.clock._drawn = 1_000_000  # other random bytes
        a, b = Sharing("a", first, gossip), Sharing("b", other, gossip)
        await settle(a, b)
        yield a, b
        a.close()
        b.close()


def presence(client: PatchClient, what: str) -> list[Any]:
    """Return what the client was sent in `presence` messages."""
    found: list[Any] = []
    for frame in client.socket.frames:
        read = json.loads(frame)
        for one in read if isinstance(read, list) else [read]:
            found += one.get(what, ()) if one["type"] == "presence" else ()
    return found


def states(client: YjsClient) -> dict[int, State]:
    """Return the newest awareness state of each client id that the client was sent."""
    found: dict[int, State] = {}
    for message in client.socket.yjs():
        if isinstance(message, yjs_frames.AwarenessUpdate):
            found |= {one.client: one for one in awareness.decode(message.body)}
    return found


async def test_a_client_opens_with_the_peers_of_all_instances() -> None:
    async with two_instances() as (a, b):
        await a.lanes.patch_client(a.lanes.token("ada"))
        await settle(a, b)
        bo = PatchClient(b.lanes, b.lanes.token("bo"))
        bo.open()
        await bo.is_open()
        opened = json.loads(bo.socket.frames[0])
        assert [peer["user"] for peer in opened["presence"]] == ["ada"]


async def test_clients_of_both_lanes_see_each_other_across_instances() -> None:
    async with two_instances() as (a, b):
        ada = await a.lanes.patch_client(a.lanes.token("ada"))
        bo = await b.lanes.yjs_client(b.lanes.token("bo"))
        own = awareness.encode([State(11, 0, {"cursor": {"anchor": [1]}})])
        bo.socket.handler.on_binary(yjs_frames.awareness(own))
        await settle(a, b)
        joined = {peer["user"]: peer for peer in presence(ada, "joined")}
        assert joined["bo"]["state"]["cursor"] == {"anchor": [1]}
        shown = states(bo)[ada.session.member.client_id]
        assert shown.state == {"user": {"id": "ada", "name": "Ada"}}
        ada.says({"type": "presence", "state": {"cursor": {"path": "/n", "offset": 0}}})
        await settle(a, b)
        moved = states(bo)[ada.session.member.client_id]
        assert moved.state is not None
        assert moved.state["cursor"] == {"path": "/n", "offset": 0}
        ada.socket.lose(1006)
        await settle(a, b)
        assert states(bo)[shown.client].state is None


async def test_both_tabs_of_a_user_on_two_instances_get_a_notice() -> None:
    async with two_instances() as (a, b):
        one = await a.lanes.patch_client(a.lanes.token("ada"), client="tab-1")
        two = await b.lanes.patch_client(b.lanes.token("ada"), client="tab-2")
        await settle(a, b)
        assert ("notice", "another_tab") in one.heard()
        assert ("notice", "another_tab") in two.heard()


async def test_an_echo_may_have_the_states_of_all_instances() -> None:
    async with two_instances() as (a, b):
        ada = await a.lanes.yjs_client(a.lanes.token("ada"))
        await b.lanes.yjs_client(b.lanes.token("bo"))
        await settle(a, b)
        limit = ada.session.presence._bounds().states
        await b.lanes.patch_client(b.lanes.token("cy"))
        await settle(a, b)
        assert ada.session.presence._bounds().states == limit + 2


async def test_the_client_ids_of_two_instances_differ() -> None:
    async with two_instances() as (a, b):
        b.lanes.clock._drawn = a.lanes.clock._drawn  # the same random bytes
        ada = await a.lanes.patch_client(a.lanes.token("ada"))
        await settle(a, b)
        bo = await b.lanes.patch_client(b.lanes.token("bo"))
        assert ada.session.member.client_id != bo.session.member.client_id
