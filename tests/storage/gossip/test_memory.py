"""Gossip in one process."""

from __future__ import annotations

import asyncio

import pytest

from collab.ports.gossip import LOST
from storage.gossip.memory import MemoryGossip
from tests.storage.gossip.heard import Heard


async def test_subscriptions_get_the_messages_of_their_channel() -> None:
    gossip = MemoryGossip()
    first, second, away = Heard(gossip, "home"), Heard(gossip, "home"), Heard(gossip, "away")
    gossip.publish("home", b"1")
    gossip.publish("other", b"x")
    gossip.publish("away", b"2")
    assert [await first.next(), await second.next(), await away.next()] == [b"1", b"1", b"2"]


async def test_a_new_subscription_first_gets_lost() -> None:
    gossip = MemoryGossip()
    gossip.publish("home", b"early")
    heard = Heard(gossip, "home")
    gossip.publish("home", b"late")
    await asyncio.sleep(0)
    assert heard.waiting() == [LOST, b"late"]


async def test_an_ended_subscription_gets_nothing_and_is_removed() -> None:
    gossip = MemoryGossip()
    heard, other = Heard(gossip, "home"), Heard(gossip, "home")
    heard.end()
    heard.end()
    gossip.publish("home", b"1")
    assert await other.next() == b"1"
    assert heard.waiting() == [LOST]
    other.end()
    assert "home" not in gossip._readers
    assert await gossip.ping()
    assert gossip.is_connected


async def test_a_bug_of_one_reader_keeps_no_message_from_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gossip = MemoryGossip()

    def broken(message: bytes) -> None:
        if message:
            raise ValueError("a bug of ours")

    gossip.subscribe("home", broken)
    heard = Heard(gossip, "home")
    gossip.publish("home", b"1")
    assert await heard.next() == b"1"
    assert "a message of the channel home was not handled" in caplog.text
