"""Both lanes, with joined updates and faults at random: each request counts until its answer.

A count that grows without an answer would stop the reading from its client for ever. A count that
shrinks too much would let the client fill the memory.
"""

from __future__ import annotations

import asyncio
import random
from math import inf
from typing import Any

import pytest

from collab.ports.store import Clash
from collab.yjs import frames as yjs_frames
from server.documents.room_state import LiveState
from server.lanes.feed import MOST_UNANSWERED
from tests.held_store import until
from tests.seeds import seeds
from tests.server.documents.test_joined_updates import Writer
from tests.server.lanes.lane_clients import Lanes, PatchClient, YjsClient, lanes
from tests.server.turns import wait_in_turns

STEPS = 100
UNLIMITED: dict[str, Any] = {"in_messages_per_second": 0, "in_bytes_per_second": 0}


@pytest.fixture(autouse=True)
def _nothing_waits_for_time(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_in_turns(monkeypatch)


# Pongs count too, and the answers to questions of the server. They come although it reads nothing.
MOST_PONGS = 64


class Crowd:
    """Two clients of each lane. A client sends nothing while the server does not read from it."""

    def __init__(self, it: Lanes, choose: random.Random) -> None:
        self.it, self.choose, self.count = it, choose, 0
        self.patch: list[PatchClient] = []
        self.yjs: list[Writer] = []

    async def come(self) -> None:
        for user in ("ada", "bo"):
            self.patch.append(await self.it.patch_client(self.it.token(user)))
            self.yjs.append(await Writer.of(self.it, user))

    def clients(self) -> list[PatchClient | YjsClient]:
        return [*self.patch, *(writer.client for writer in self.yjs)]

    def send_patches(self) -> None:
        client = self.choose.choice(self.patch)
        for _ in range(self.choose.choice((1, 3, 20, 140))):
            self.count += 1
            path = self.choose.choice(("/n", "/t", "/none/below"))
            if client.socket.is_reading:
                client.patch(f"p{self.count}", path, self.count, base=1)

    def write(self) -> None:
        writer = self.choose.choice(self.yjs)
        for _ in range(self.choose.choice((1, 3, 20, 140))):
            self.count += 1
            text = "x" * self.choose.choice((1, 1, 1, 3_000))
            if writer.client.socket.is_reading:
                writer.write(f"k{self.count % 5}", f"{self.count}{text}")

    def answer_server(self) -> None:
        """Answer the pings of rejects, and the questions for missing updates."""
        for client in self.patch:
            pings, client.socket.pings = client.socket.pings, []
            for nonce in pings:
                client.socket.handler.on_pong(nonce.to_bytes(8, "big"))
        for writer in self.yjs:
            for message in writer.client.socket.yjs():
                if isinstance(message, yjs_frames.SyncStep1):
                    update = writer._doc.get_update(message.state_vector)
                    writer.client.socket.handler.on_binary(yjs_frames.sync_step2(update))

    def hold(self) -> None:
        self.it.calls.hold("commit", after=self.choose.random() < 0.3)

    def release(self) -> None:
        self.it.calls.release("commit")

    def fail(self) -> None:
        self.it.calls.fail_next("commit", after=self.choose.random() < 0.5)

    def clash(self) -> None:
        self.it.calls.answer_next("commit", [Clash()])

    def slow_down(self) -> None:
        self.it.live._slow_until = self.choose.choice((inf, 0.0))

    def reload(self) -> None:
        self.it.hub.request_reopen(self.it.live)

    async def end(self) -> None:
        self.it.calls.release("commit")
        self.it.calls._faults["commit"].clear()
        self.it.calls._answers["commit"].clear()
        live = self.it.live
        await until(lambda: live.state is LiveState.OPEN and not live.is_busy, turns=20_000)

    async def check(self) -> None:
        assert self.it.live.audience.ended is None
        for client in self.clients():
            assert client.socket.closed == []
            assert client.session.feed._unanswered == 0
            socket = client.socket
            await until(lambda: socket.is_reading)  # noqa: B023 - used at once


@pytest.mark.parametrize("seed", seeds(1, 60))
async def test_each_request_counts_until_its_answer(seed: int) -> None:
    choose = random.Random(seed)
    async with lanes({"n": 0, "t": 0}, **UNLIMITED) as it:
        crowd = Crowd(it, choose)
        await crowd.come()
        sends = (crowd.send_patches, crowd.write, crowd.write)
        others = (crowd.hold, *[crowd.release] * 4, crowd.fail, crowd.clash, crowd.clash)
        for _ in range(STEPS):
            choose.choice((*sends, *sends, *others, crowd.slow_down, crowd.reload))()
            for _ in range(choose.choice((0, 1, 5, 30))):
                await asyncio.sleep(0)
            crowd.answer_server()
            for client in crowd.clients():
                assert -1 < client.session.feed._unanswered <= MOST_UNANSWERED + MOST_PONGS
        await crowd.end()
        await crowd.check()
