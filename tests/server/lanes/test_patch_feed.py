"""The feed of a patch client: own and foreign changes, catch-ups, frame rates, and full sockets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from collab.messages import Holder, LockChange
from collab.presence.presence_entry import ClientIdentity
from server.broadcast.news import LockNews
from server.lanes import patch_feed, patch_session
from server.lanes.feed import FULL_SOCKET
from server.lanes.patch_feed import PatchFeed
from tests.server.lanes.lane_clients import Lanes, PatchClient, lanes


def feed_of(client: PatchClient) -> PatchFeed:
    return client.session.feed


def stop(client: PatchClient) -> None:
    """Let the client read nothing."""
    client.socket.waiting = FULL_SOCKET + 1


def drain(client: PatchClient) -> list[dict[str, Any]]:
    """Let the client read everything, and return what it gets then."""
    client.socket.waiting = 0
    client.socket.handler.on_writable()
    return client.socket.messages()


async def two(it: Lanes) -> tuple[PatchClient, PatchClient]:
    return await it.patch_client(), await it.patch_client(it.token("cy"))


async def test_acks_stand_in_place_of_own_changes_between_those_of_others() -> None:
    async with lanes({"n": 0}) as it:
        ada, cy = await two(it)
        for client in (ada, cy):
            client.socket.frames.clear()
        it.calls.hold("commit")
        ada.patch("hold", "/h", 1, base=1)
        await it.calls.reached("commit")
        cy.patch("c-1", "/c", 1, base=1)
        ada.patch("a-1", "/a", 1, base=1)
        ada.patch("bad", "/missing/x", 1, base=1)
        cy.patch("c-2", "/c", 2, base=1)
        it.calls.release("commit")
        await it.settled()
        assert ada.heard() == [
            ("ack", "hold", 2),
            ("change", 3),
            ("ack", "a-1", 4),
            ("reject", "bad", 4, "path_not_found"),
            ("change", 5),
        ]
        assert cy.heard() == [
            ("change", 2),
            ("ack", "c-1", 3),
            ("change", 4),
            ("ack", "c-2", 5),
        ]


async def test_a_change_of_the_user_s_other_tab_has_its_id() -> None:
    async with lanes({"n": 0}) as it:
        one, other = await it.patch_client(), await it.patch_client()
        other.socket.frames.clear()
        one.patch("mine", "/m", 1, base=1)
        await it.settled()
        assert ("change", "mine", 2) in other.heard()


async def test_a_client_that_reads_nothing_gets_one_merged_change_with_its_acks() -> None:
    async with lanes({"n": 0}) as it:
        ada, cy = await two(it)
        stop(ada)
        ada.socket.frames.clear()
        ada.patch("mine", "/m", 1, base=1)
        await it.settled()
        cy.patch("c", "/c", 1, base=2)
        ada.patch("bad", "/missing/x", 1, base=2)
        await it.settled()
        [on] = ada.socket.messages()
        assert (on["type"], on["state"], on["direction"]) == ("backpressure", "on", "out")
        change, reject, *rest = drain(ada)
        assert (change["type"], change["from"], change["version"]) == ("change", 2, 3)
        assert change["acks"] == [{"type": "ack", "id": "mine", "version": 2}]
        assert {op["path"] for op in change["ops"]} == {"/m", "/c"}
        assert (reject["type"], reject["id"]) == ("reject", "bad")
        assert ada.socket.pings == [1]
        assert rest == []
        [clear] = drain(ada)
        assert (clear["type"], clear["state"]) == ("backpressure", "clear")
        await it.set("/n", 5)
        assert ada.heard() == [("change", 4)]


async def test_a_single_missed_version_is_sent_as_it_was_made() -> None:
    async with lanes({"n": 0}) as it:
        ada, _ = await two(it)
        stop(ada)
        await it.set("/x", 1)
        ada.socket.frames.clear()
        [change] = [one for one in drain(ada) if one["type"] == "change"]
        assert (change["version"], change.get("from"), change.get("acks")) == (2, None, None)
        assert change["by"]["user"] == "bo"


async def test_a_client_gets_at_most_so_many_changes_a_second() -> None:
    async with lanes({"n": 0}) as it:
        client = PatchClient(it, it.token())
        client.open(max_fps=10)
        await client.is_open()
        client.socket.frames.clear()
        for number in range(3):
            await it.set("/n", number + 1)
        assert client.heard() == [("change", 2)]
        it.clock.advance(0.05)
        feed_of(client).pump()
        assert client.heard() == []
        it.clock.advance(0.06)
        feed_of(client).pump()
        [change] = client.socket.messages()
        assert (change["from"], change["version"]) == (3, 4)
        it.clock.advance(0.2)
        await it.set("/n", 9)
        feed_of(client).pump()
        assert client.heard() == [("change", 5)]


async def test_the_server_stops_reading_from_a_client_with_too_many_unread_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patch_session, "MAX_PENDING", 3)
    async with lanes({"n": 0}) as it:
        ada = await it.patch_client()
        stop(ada)
        for number in range(3):
            ada.patch(f"p-{number}", "/n", number + 1, base=1)
        await it.settled()
        backlogged = [ada.session.is_backlogged]
        ada.patch("p-3", "/n", 9, base=1)
        await it.settled()
        backlogged.append(ada.session.is_backlogged)
        assert backlogged == [False, True]
        ada.says({"type": "ping", "at": 1})
        assert not ada.socket.is_reading


async def test_a_reader_over_its_budget_waits_and_then_gets_the_head() -> None:
    async with lanes({"n": 0}, out_bytes_per_second=1_000, out_burst=3_000) as it:
        ada = await it.patch_client()
        it.clock.advance(60)
        for number in range(20):
            await it.set("/t", f"{number}" * 200)
        changes = [one for one in ada.socket.messages() if one["type"] == "change"]
        assert 0 < len(changes) < 20
        it.clock.advance(60)
        feed_of(ada).pump()
        [last] = [one for one in ada.socket.messages() if one["type"] == "change"]
        assert last["version"] == 21


async def test_a_document_that_changes_while_a_diff_is_made_is_caught_up_in_two_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patch_feed, "LARGE", 0)
    async with lanes({"n": 0}) as it:
        ada, _ = await two(it)
        stop(ada)
        for number in range(3):
            await it.set(f"/k{number}", number)
        ada.socket.frames.clear()
        ada.socket.waiting = 0
        ada.socket.handler.on_writable()
        task = feed_of(ada)._diff_task
        assert task is not None
        await it.set("/late", 1)
        await task
        messages = ada.socket.messages()
        it.clock.advance(1)
        feed_of(ada).pump()  # if the feed has not sent the rest already
        messages += ada.socket.messages()
        changes = [one for one in messages if one["type"] == "change"]
        assert [(one.get("from"), one["version"]) for one in changes] == [(2, 4), (None, 5)]


async def test_a_closed_feed_sends_nothing_and_keeps_no_timer() -> None:
    async with lanes({"n": 0}) as it:
        ada = await it.patch_client()
        feed = feed_of(ada)
        stop(ada)
        await it.set("/n", 1)
        timers = [feed._timer]
        ada.socket.lose(1001)
        timers.append(feed._timer)
        assert [timer is None for timer in timers] == [False, True]
        assert len(it.live.audience) == 0


def come(it: Lanes, session: str, number: int) -> None:
    """Let a peer join, and let the timer of the presence fire."""
    it.clock.advance(0.1)
    it.live.presence.book.join(
        ClientIdentity(session, session, "", "", "editor", "patch", number), it.clock.monotonic()
    )
    it.live.presence._tick()


async def test_presence_waits_behind_presence_that_could_not_be_sent() -> None:
    async with lanes({"n": 0}) as it:
        client = PatchClient(it, it.token())
        client.open(max_fps=0.5)
        await client.is_open()
        await it.set("/n", 1)
        come(it, "first", 7)
        client.socket.frames.clear()
        stop(client)
        come(it, "second", 8)
        client.socket.waiting = 0
        come(it, "third", 9)
        assert client.socket.frames == []
        it.clock.advance(10)
        feed_of(client).pump()
        [frame] = client.socket.frames
        [presence] = [one for one in json.loads(b"[%s]" % frame) if "joined" in one]
        assert {one["session"] for one in presence["joined"]} == {"second", "third"}


LOCK = LockChange(id="l-1", scope="/n", holder=Holder(user="cy", name="Cy"), fence=5)


async def test_lock_events_of_a_client_at_the_head_are_sent_and_its_end_is_kept_later() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        feed, now = feed_of(client), it.clock.monotonic()
        feed.on_locks(LockNews([LOCK]), now)
        assert client.heard() == [("lock", "l-1")]
        stop(client)
        feed.on_locks(LockNews([structs.replace(LOCK, holder=None)]), now)
        assert client.heard() == [("backpressure",)]
        ended = [one for one in drain(client) if one["type"] == "lock"]
        assert [(one["id"], one["holder"]) for one in ended] == [("l-1", None)]


async def test_lock_events_wait_for_the_version_before_them() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        feed, now = feed_of(client), it.clock.monotonic()
        feed.position -= 1
        feed.on_locks(LockNews([LOCK]), now)
        feed.position += 1
        feed.on_locks(LockNews([structs.replace(LOCK, id="l-2", fence=6)]), now)
        assert client.heard() == [], "later events wait behind them"


async def test_a_client_that_reads_nothing_for_too_long_is_told_why_and_closed() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        stop(client)
        await it.set("/n", 1)
        for _ in range(2):
            it.clock.advance(it.services.settings.slow_seconds)
            feed_of(client).pump()
        assert client.heard()[-1] == ("disconnect_notice", 4508)
        assert client.socket.closed == [(4508, "slow_consumer")]
