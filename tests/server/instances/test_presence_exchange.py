"""The presence exchange: the open documents of two instances, with one gossip between them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

import pytest

from collab.ports.gossip import LOST
from collab.presence.presence_entry import ClientIdentity
from collab.presence.shared import PresenceAsked, PresenceShown
from collab.yjs.awareness import State
from server.broadcast.news import LockNews, News, PresenceNews
from server.broadcast.presence_ticker import ANOTHER_TAB
from server.broadcast.subscriber import Answered, one_by_one
from server.documents.live_room import LiveRoom
from server.instances.messages import channel_of, decode, encode
from server.instances.presence_exchange import PresenceExchange
from storage.gossip.memory import MemoryGossip
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside
from tests.manual_clock import ManualClock

Lane: TypeAlias = Literal["patch", "yjs"]


class Client:
    """A subscriber that keeps what it is sent."""

    fan_out = staticmethod(one_by_one)

    def __init__(self, live: LiveRoom, session: str) -> None:
        self.session = session
        self.notices: list[bytes] = []
        self.news: list[PresenceNews] = []
        live.audience.join(self)

    def on_presence(self, news: PresenceNews, now: float) -> None:
        self.news.append(news)

    def notice(self, payload: bytes) -> None:
        self.notices.append(payload)

    def joined(self) -> list[str]:
        changes = [one.difference.change for one in self.news]
        return [peer.session for one in changes if one for peer in one.joined or ()]

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None: ...
    def on_locks(self, news: LockNews, now: float) -> None: ...
    def resynchronise(self) -> None: ...
    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None: ...


class Instance:
    """One open document of an instance, and the part of a relay that presence needs."""

    def __init__(
        self, name: str, here: Inside, live: LiveRoom, gossip: MemoryGossip, clock: ManualClock
    ) -> None:
        self.name, self.hub, self.live, self.clock = name, here.hub, live, clock
        self.exchange = PresenceExchange(gossip, clock, name)
        self.sent: list[PresenceShown | PresenceAsked] = []
        self._gossip = gossip
        self.exchange.opened(live)
        self._end = gossip.subscribe(channel_of(live.key), self._on_message)

    def _on_message(self, message: bytes) -> None:
        if message == LOST:
            self.exchange.lost(self.live)
            return
        read = decode(message)
        assert read is not None
        assert isinstance(read.body, PresenceShown | PresenceAsked)
        if read.sender == self.name:
            self.sent.append(read.body)
        self.exchange.receive(self.live, read.sender, read.body)

    def join(self, session: str, user: str = "", lane: Lane = "patch") -> Client:
        user, client_id = user or session, sum(session.encode())
        book, now = self.live.presence.book, self.clock.monotonic()
        tab, number = f"tab-{session}", client_id if lane == "patch" else 0
        who = ClientIdentity(session, user, user.title(), tab, "editor", lane, number)
        book.join(who, now, self.clock.now_ms())
        if lane == "yjs":
            book.receive_awareness(session, [State(client_id, 0, {})], now)
        client = Client(self.live, session)
        if self.live.presence.notify_other_tabs(session):
            client.notice(ANOTHER_TAB)
        self.live.presence.changed()
        return client

    def leave(self, client: Client) -> None:
        self.live.audience.leave(client)
        self.live.presence.book.leave(client.session)
        self.live.presence.changed()

    def close(self) -> None:
        self._end()
        self.exchange.closed(self.live)

    def present(self) -> list[str]:
        return sorted(peer.session for peer in self.live.presence.book.present())


class Two:
    """Two instances with the same document open."""

    def __init__(self, a: Instance, b: Instance, clock: ManualClock) -> None:
        self.a, self.b, self.clock = a, b, clock

    async def settle(self, seconds: float = 1.0) -> None:
        """Let time pass: ticks of presence, and the messages between them."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)
            for one in (self.a, self.b):
                one.live.presence.close()
                one.live.presence._tick()
            for _ in range(3):
                await asyncio.sleep(0)

    async def maintain(self, seconds: int) -> None:
        for _ in range(seconds):
            for one in (self.a, self.b):
                book = one.live.presence.book
                for own in book.own_sessions():
                    book.extend_timeout(own.session, self.clock.monotonic())
                one.live.presence.renew()
                one.exchange.tick()
            await self.settle()


@asynccontextmanager
async def two_instances() -> AsyncIterator[Two]:
    store, gossip, clock = MemoryStore(), MemoryGossip(), ManualClock()
    async with inside(store) as first, inside(store) as second:
        await first.make({"title": "Hello"})
        async with first.hub.using(PAGE) as live, second.hub.using(PAGE) as other:
            for shared in (live, other):
                shared.presence._clock = clock
            a = Instance("a", first, live, gossip, clock)
            b = Instance("b", second, other, gossip, clock)
            two = Two(a, b, clock)
            await two.settle()
            yield two
            for one in (a, b):
                one.close()
                one.live.presence.close()


async def test_clients_see_the_sessions_of_both_instances() -> None:
    async with two_instances() as two:
        ada, bo = two.a.join("ada"), two.b.join("bo", lane="yjs")
        await two.settle()
        assert two.a.present() == two.b.present() == ["ada", "bo"]
        assert "bo" in ada.joined()
        assert "ada" in bo.joined()
        two.b.leave(bo)
        await two.settle()
        assert two.a.present() == ["ada"]


async def test_sessions_elsewhere_keep_no_document_open() -> None:
    async with two_instances() as two:
        two.a.join("ada")
        await two.settle()
        assert two.b.present() == ["ada"]
        assert len(two.b.live.presence.book) == 0
        two.b.hub.release(two.b.live)
        assert two.b.hub._is_idle(two.b.live)
        two.b.live.users += 1


async def test_both_tabs_of_a_user_get_a_notice_across_instances() -> None:
    async with two_instances() as two:
        first = two.a.join("s1", user="ada")
        await two.settle()
        second = two.b.join("s2", user="ada")
        await two.settle()
        assert first.notices == [ANOTHER_TAB]
        assert second.notices == [ANOTHER_TAB]


async def test_two_tabs_that_open_at_once_get_one_notice_each() -> None:
    async with two_instances() as two:
        first, second = two.a.join("s1", user="ada"), two.b.join("s2", user="ada")
        await two.settle()
        assert first.notices == second.notices == [ANOTHER_TAB]


async def test_the_sessions_of_a_document_that_closes_vanish_at_once() -> None:
    async with two_instances() as two:
        two.a.join("ada")
        await two.settle()
        two.a.exchange.close()
        await two.settle(0.2)
        assert two.b.present() == []
        assert len(two.a.exchange) == 0
        # The document opens again on the same instance.
        two.a.exchange.opened(two.a.live)
        await two.settle()
        assert two.b.present() == ["ada"]


async def test_the_sessions_of_a_silent_instance_vanish_in_30_s() -> None:
    async with two_instances() as two:
        two.a.join("ada")
        two.b.join("bo")
        await two.settle()
        await two.maintain(60)
        assert two.a.present() == two.b.present() == ["ada", "bo"]
        two.a.live.presence.end_sharing()  # it is killed, or hears and says nothing
        two.a.exchange = PresenceExchange(MemoryGossip(), two.clock, "away")
        await two.maintain(31)
        assert two.b.present() == ["bo"]


async def test_after_a_loss_an_instance_asks_once_within_2_s() -> None:
    async with two_instances() as two:
        two.a.join("ada")
        await two.settle()
        two.b.sent.clear()
        for _ in range(3):
            two.b.exchange.lost(two.b.live)
        await two.maintain(3)
        assert [one for one in two.b.sent if isinstance(one, PresenceAsked)] == [PresenceAsked()]
        assert two.b.present() == ["ada"]


async def test_a_message_for_a_closed_document_is_ignored() -> None:
    async with two_instances() as two:
        two.b.exchange.closed(two.b.live)
        two.b.exchange.closed(two.b.live)
        two.b.exchange.lost(two.b.live)
        two.b.exchange.receive(two.b.live, "a", PresenceShown(1, 1, sessions_here=[]))
        assert two.b.present() == []


async def test_a_bug_in_one_document_is_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_instances() as two:
        two.a.join("ada")
        await two.settle()

        def broken(*_: object) -> None:
            raise ValueError("a bug of ours")

        sharing = two.a.exchange._documents[two.a.live].sharing
        monkeypatch.setattr(sharing, "messages", broken)
        with caplog.at_level(logging.ERROR):
            two.a.exchange.tick()
        assert "presence cannot be shared" in caplog.text
        cy = two.a.join("cy")
        two.a.join("bo")
        await two.settle()
        assert cy.joined() == ["cy", "bo"]


def test_the_messages_survive_the_way() -> None:
    shown = PresenceShown(3, 4, 1, 7, renewed=[("s-1", 9)], left=["s-2"], ahead=[("s-3", 5)])
    for body in (shown, PresenceShown(4, 4), PresenceAsked("i-1"), PresenceAsked()):
        read = decode(encode("i-2", body))
        assert read is not None
        assert (read.sender, read.body) == ("i-2", body)
