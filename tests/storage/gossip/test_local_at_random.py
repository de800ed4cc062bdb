"""Processes come, go and die at random: no subscription misses a message without `LOST`."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from random import Random

import pytest

from collab.ports.gossip import LOST
from storage.gossip import local
from storage.gossip.local import LocalGossip
from tests.patience import eventually
from tests.seeds import seeds

pytestmark = pytest.mark.thorough

CHANNELS = ("home", "away")


class World:
    """Processes on one bus, each with a subscription of both channels.

    `moments` numbers all events. `published` has the moment of each message, and `heard` the
    moments at which each subscription got it, or `LOST`.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self.random = Random(seed)
        self.moments = count(1)
        self.path = path
        self.running: dict[LocalGossip, asyncio.Task[None]] = {}
        self.heard: dict[tuple[LocalGossip, str], dict[bytes, int]] = {}
        self.began: dict[tuple[LocalGossip, str], int] = {}
        self.published: dict[bytes, tuple[int, str, LocalGossip]] = {}
        # Messages that their process had not sent when it ended. The database has what they say.
        self.unsent: dict[LocalGossip, set[bytes]] = {}

    def start(self) -> None:
        gossip = LocalGossip(self.path)
        self.running[gossip] = asyncio.create_task(gossip.run(), name="gossip")
        self.unsent[gossip] = set()
        for channel in CHANNELS:
            self._subscribe(gossip, channel)

    def _subscribe(self, gossip: LocalGossip, channel: str) -> None:
        heard = self.heard[gossip, channel] = {}
        self.began[gossip, channel] = next(self.moments)

        def deliver(message: bytes) -> None:
            assert message == LOST or message not in heard, "a message came twice"
            heard[message] = next(self.moments)

        gossip.subscribe(channel, deliver)

    async def end(self) -> None:
        gossip = self.random.choice(list(self.running))
        task = self.running.pop(gossip)
        task.cancel()
        await asyncio.wait([task])
        for channel in CHANNELS:
            del self.heard[gossip, channel]
        for message in self.unsent[gossip]:
            del self.published[message]

    def publish(self) -> None:
        gossip, channel = self.random.choice(list(self.running)), self.random.choice(CHANNELS)
        moment = next(self.moments)
        message = b"%d" % moment
        self.published[message] = moment, channel, gossip
        if gossip._broker is None and gossip._connection is None:
            self.unsent[gossip].add(message)
        gossip.publish(channel, message)

    async def step(self) -> None:
        chance = self.random.random()
        if chance < 0.03 and len(self.running) < 5:
            self.start()
        elif chance < 0.05 and len(self.running) > 2:
            await self.end()
        elif chance < 0.8:
            self.publish()
        else:
            await asyncio.sleep(0)

    def missed(self) -> list[object]:
        """Return what a subscription neither got nor was told to have lost."""
        return [
            (message, channel, moment)
            for (gossip, channel), heard in self.heard.items()
            for message, (moment, where, _) in self.published.items()
            if where == channel
            and moment > self.began[gossip, channel]
            and message not in heard
            and heard.get(LOST, 0) < moment
        ]


@pytest.mark.parametrize("seed", seeds(2, 30))
async def test_no_message_is_missed_without_lost(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_RETRY_SECONDS", 0.0)
    world = World(tmp_path / "bus", seed)
    for _ in range(3):
        world.start()
    for _ in range(600):
        await world.step()
    await eventually(lambda: all(each.is_connected for each in world.running))
    await eventually(lambda: not world.missed())
    for task in world.running.values():
        task.cancel()
    await asyncio.wait(world.running.values())
    assert len(world.published) > 300
