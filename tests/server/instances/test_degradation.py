"""Degradation: clients hear of a loss of gossip once, and of its return once."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from server.broadcast.audience import Audience
from server.instances import degradation
from server.instances.degradation import ANNOUNCE_AFTER, DEGRADED, RECOVERED, Degradation
from storage.gossip.memory import MemoryGossip
from tests.held_store import until
from tests.manual_clock import ManualClock
from tests.server.scene import scene


class BrokenGossip(MemoryGossip):
    """Gossip whose connection a test cuts."""

    is_connected = True


class Watched:
    """A degradation with one audience that keeps its notices."""

    def __init__(self) -> None:
        self.gossip = BrokenGossip()
        self.notices: list[bytes] = []
        self.now = 1000.0
        audience = cast(Audience, self)  # only `notice` is called
        self.degradation = Degradation(self.gossip, ManualClock(), lambda: [audience])

    def notice(self, payload: bytes) -> None:
        self.notices.append(payload)

    def pass_time(self, seconds: float, *, is_connected: bool) -> list[bytes]:
        """Let time pass with this state of gossip; return the new notices."""
        self.gossip.is_connected = is_connected
        self.notices.clear()
        until = self.now + seconds
        while self.now < until:
            self.degradation.look(self.now)
            self.now += 0.25
        self.degradation.look(self.now)
        return list(self.notices)


def test_a_loss_and_a_return_are_announced_once() -> None:
    watched = Watched()
    assert watched.pass_time(60, is_connected=True) == []
    assert watched.pass_time(60, is_connected=False) == [DEGRADED]
    assert watched.degradation.is_degraded
    assert watched.pass_time(60, is_connected=True) == [RECOVERED]
    assert not watched.degradation.is_degraded


def test_a_short_loss_is_not_announced() -> None:
    watched = Watched()
    for _ in range(20):
        assert watched.pass_time(ANNOUNCE_AFTER - 0.5, is_connected=False) == []
        assert watched.pass_time(0.25, is_connected=True) == []


def test_a_short_return_is_not_announced() -> None:
    watched = Watched()
    watched.pass_time(5, is_connected=False)
    for _ in range(20):
        assert watched.pass_time(ANNOUNCE_AFTER - 0.5, is_connected=True) == []
        assert watched.pass_time(0.25, is_connected=False) == []
    assert watched.degradation.is_degraded


def test_readyz_shows_the_state_of_the_moment() -> None:
    watched = Watched()
    assert watched.degradation.gossip_state == "ok"
    watched.pass_time(0, is_connected=False)
    assert watched.degradation.gossip_state == "degraded"


async def test_the_patch_clients_of_every_open_document_get_the_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(degradation, "LOOK_EVERY", 0)
    gossip = BrokenGossip()
    async with scene() as here:
        watch = Degradation(gossip, here.clock, here.hub.audiences)
        here.clock.per_reading = 0.01
        running = asyncio.create_task(watch.run(), name="degradation")
        gossip.is_connected = False
        await until(lambda: watch.is_degraded)
        assert ("ada", "notice", "degraded") in here.events()
        gossip.is_connected = True
        await until(lambda: not watch.is_degraded)
        assert ("ada", "notice", "recovered") in here.events()
        running.cancel()
        await asyncio.wait([running])


def test_a_server_that_hears_no_other_says_so() -> None:
    assert Degradation(MemoryGossip(), ManualClock(), list).gossip_state == "ok"
    watch = Degradation(MemoryGossip(may_have_others=True), ManualClock(), list)
    assert watch.gossip_state == "none"
    watch.look(10.0)
    assert not watch.is_degraded
