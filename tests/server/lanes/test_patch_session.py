"""The session of a patch client: expired and renewed tokens, budgets, barriers and the end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from collab.rights.user_rights import Role
from server.broadcast.close_reasons import DELETED
from tests.held_store import until
from tests.server.lanes.lane_clients import Lanes, PatchClient, lanes

PATCH_OF_N = {"op": "replace", "path": "/n", "value": 1}


async def renewed(it: Lanes, client: PatchClient, token: str) -> list[tuple[Any, ...]]:
    """Let the client send a new token; return what it hears."""
    client.says({"type": "token", "token": token})
    await until(lambda: client.socket.frames or client.socket.closed)
    return client.heard()


# --- tokens -----------------------------------------------------------------------------------


async def test_an_expired_token_closes_the_connection_and_writes_nothing() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client(it.token(seconds=100))
        it.clock.advance(100)
        client.patch("late", "/n", 1, base=1)  # before the timer of the token
        await it.settled()
        assert client.heard() == [("reject", "late", 1, "unauthenticated")]
        session = client.session
        session._token_expiry.check()
        assert client.socket.codes == [4401]
        assert it.live.room.value == {"n": 0}


async def test_a_client_is_warned_before_its_token_expires() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client(it.token(seconds=3_600))
        it.clock.advance(3_590)
        session = client.session
        session._token_expiry.check()
        [notice] = client.socket.messages()
        assert (notice["code"], notice["in_seconds"]) == ("token_expiring", 10)


async def test_a_renewed_token_replaces_the_rights() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client(it.token(role=Role.VIEWER))
        client.patch("p-1", "/n", 1, base=1)
        await it.settled()
        assert client.heard() == [("reject", "p-1", 1, "forbidden")]
        assert await renewed(it, client, it.token()) == [("notice", "token_accepted")]
        client.patch("p-2", "/n", 1, base=1, after="other")
        await it.settled()
        assert client.heard() == [("ack", "p-2", 2)]


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"user": "bo"}, 4403), ({"docs": ("other",)}, 4404), ({"age": 7_200}, 4401)],
)
async def test_a_token_of_another_user_or_without_the_document_closes_the_connection(
    fields: dict[str, Any], code: int
) -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        await renewed(it, client, it.token(**fields))
        assert client.socket.codes == [code]


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (Role.EDITOR, Role.VIEWER, ("reject", "p", 1, "forbidden")),
        (Role.VIEWER, Role.EDITOR, ("ack", "p", 2)),
    ],
)
async def test_messages_after_a_token_wait_for_it_and_have_its_rights(
    first: Role, second: Role, outcome: tuple[Any, ...]
) -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client(it.token(role=first))
        it.clock.advance(2)  # the server asks the database for the key again
        it.calls.hold("find_keys")
        client.says(
            {"type": "token", "token": it.token(role=second)},
            {"type": "patch", "id": "p", "base": 1, "ops": [PATCH_OF_N]},
        )
        client.says({"type": "ping", "at": 1})
        await it.calls.reached("find_keys")
        assert client.heard() == []
        assert not client.socket.is_reading
        it.calls.release("find_keys")
        await until(lambda: len(client.socket.frames) == 3)
        accepted, *others = client.heard()
        assert accepted == ("notice", "token_accepted")
        assert outcome in others
        assert client.socket.is_reading


async def test_messages_after_a_refused_token_change_nothing() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        client.says(
            {"type": "token", "token": it.token("bo")},
            {"type": "patch", "id": "p", "base": 1, "ops": [PATCH_OF_N]},
        )
        await until(lambda: client.socket.closed)
        await it.settled()
        assert client.socket.codes == [4403]
        assert client.heard() == []
        assert it.live.room.value == {"n": 0}


async def test_the_second_of_two_tokens_has_the_last_word() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        client.says(
            {"type": "token", "token": it.token(role=Role.VIEWER)},
            {"type": "patch", "id": "no", "base": 1, "ops": [PATCH_OF_N]},
            {"type": "token", "token": it.token()},
            {"type": "undo", "id": "u"},
        )
        await until(lambda: len(client.socket.frames) == 4)
        assert [one[:2] for one in client.heard()] == [
            ("notice", "token_accepted"),
            ("reject", "no"),
            ("notice", "token_accepted"),
            ("reject", "u"),
        ]


async def test_the_pong_of_a_barrier_waits_for_the_token_before_it() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        client.patch("bad", "/missing/x", 1, base=1)
        await it.settled()
        it.clock.advance(2)
        it.calls.hold("find_keys")
        client.says(
            {"type": "token", "token": it.token()},
            {"type": "patch", "id": "barred", "base": 1, "ops": [PATCH_OF_N]},
        )
        client.socket.handler.on_pong((1).to_bytes(8, "big"))
        client.socket.frames.clear()
        it.calls.release("find_keys")
        await until(lambda: len(client.socket.frames) == 2)
        assert client.heard() == [
            ("notice", "token_accepted"),
            ("reject", "barred", 1, "conflict"),
        ]


async def test_a_token_that_cannot_be_checked_closes_the_connection() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        it.clock.advance(2)
        it.calls.fail("find_keys", error=RuntimeError("broken"))
        client.says({"type": "token", "token": it.token()})
        await until(lambda: client.socket.closed)
        assert client.socket.codes == [1011]


async def test_a_client_that_leaves_while_its_token_is_renewed_keeps_no_timer() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        session = client.session
        before = set(asyncio.all_tasks())
        client.says({"type": "token", "token": it.token()})
        renewing = set(asyncio.all_tasks()) - before
        client.socket.lose(1001)
        await asyncio.gather(*renewing)
        assert session._token_expiry._timer is None
        assert client.heard() == []


# --- requests ---------------------------------------------------------------------------------


async def test_each_kind_of_message_is_answered_in_the_order_of_the_frame() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        client.says(
            {"type": "patch", "id": "p", "base": 1, "ops": [PATCH_OF_N]},
            {"type": "undo", "id": "u"},
            {"type": "redo", "id": "r"},
            {"type": "undo", "id": "none", "scope": "/m"},
        )
        await it.settled()
        assert client.heard() == [
            ("ack", "p", 2),
            ("ack", "u", 3),
            ("ack", "r", 4),
            ("reject", "none", 4, "nothing_to_undo"),
        ]


async def test_the_fields_of_a_patch_reach_the_room() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        await it.set("/m", 1)
        client.socket.frames.clear()
        client.patch("strict", "/n", 1, base=1, strict=True)
        await it.settled()
        client.socket.handler.on_pong((1).to_bytes(8, "big"))
        client.patch("fence", "/n", 1, base=2, fence=77)
        await it.settled()
        client.socket.handler.on_pong((2).to_bytes(8, "big"))
        client.patch("after", "/n", 1, base=2, after="strict")
        client.patch("good", "/n", 2, base=2, after="unknown", step="typing")
        await it.settled()
        assert [one[1] for one in client.heard()] == ["strict", "fence", "after", "good"]
        assert it.live.room.value == {"n": 2, "m": 1}


async def test_a_reject_bars_later_patches_until_the_pong_of_its_barrier() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        client.patch("bad", "/missing/x", 1, base=1)
        client.patch("next", "/n", 1, base=1)
        await it.settled()
        assert client.heard() == [
            ("reject", "bad", 1, "path_not_found"),
            ("reject", "next", 1, "conflict"),
        ]
        assert client.socket.pings == [2]
        client.socket.handler.on_pong(b"keep")  # the answer to another ping
        client.patch("early", "/n", 1, base=1)
        await it.settled()
        assert client.heard() == [("reject", "early", 1, "conflict")]
        client.socket.handler.on_pong((3).to_bytes(8, "big"))
        client.patch("again", "/n", 1, base=1)
        await it.settled()
        assert client.heard() == [("ack", "again", 2)]


async def test_messages_over_the_budget_are_refused_each_by_its_id() -> None:
    async with lanes({"n": 0}, in_messages_per_second=1, in_messages_burst=3) as it:
        client = await it.patch_client()
        it.clock.advance(60)
        ops: list[dict[str, Any]] = [PATCH_OF_N]
        patches = [{"type": "patch", "id": f"p-{n}", "base": 1, "ops": ops} for n in range(4)]
        client.says(*patches, {"type": "ping", "at": 1})
        await it.settled()
        heard = client.heard()
        assert ("ack", "p-0", 2) in heard
        assert ("ack", "p-2", 2) in heard
        assert ("reject", "p-3", 2, "rate_limited") in heard
        assert ("error", "rate_limited") in heard
        assert not client.socket.is_reading


async def test_a_message_that_cannot_be_read_is_refused_by_its_id_in_its_turn() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        client.says(
            {"type": "patch", "id": "p", "base": 1, "ops": [PATCH_OF_N]},
            {"type": "patch", "id": "odd", "base": "x", "ops": []},
            {"type": "odd"},
        )
        await it.settled()
        heard = client.heard()
        assert ("error", "malformed") in heard
        assert [one for one in heard if one[0] != "error"] == [
            ("ack", "p", 2),
            ("reject", "odd", 2, "malformed"),
        ]
        client.socket.handler.on_text(b"{")
        assert client.socket.codes == [4400]


# --- other clients, and the end ---------------------------------------------------------------


async def test_another_tab_of_the_user_is_told_in_both_tabs() -> None:
    async with lanes({"n": 0}) as it:
        first = await it.patch_client()
        second = PatchClient(it, it.token())
        second.open()
        await second.is_open()
        assert ("notice", "another_tab") in first.heard()
        assert ("notice", "another_tab") in second.heard()
        other = PatchClient(it, it.token("bo"))
        other.open()
        await other.is_open()
        assert ("notice", "another_tab") not in other.heard()


async def test_the_end_of_the_document_closes_and_a_temporary_end_says_so_first() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        session = client.session
        session.feed.dismiss(4529, "rate_limited", 700)
        [notice] = client.socket.messages()
        assert (notice["type"], notice["code"]) == ("disconnect_notice", 4529)
        assert notice["retry_after_ms"] == 700
        it.hub.end_room(it.live, DELETED)
        assert client.socket.messages() == []
        assert client.socket.codes == [4529, 4404]


async def test_a_session_that_left_gives_back_its_budget_and_its_timers() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.patch_client()
        session = client.session
        owner = (it.live.key, "ada")
        assert it.services.budget_pool._budgets[owner].connections == 1
        client.socket.lose(1001)
        assert it.services.budget_pool._budgets[owner].connections == 0
        assert session._token_expiry._timer is None
        assert session.feed._timer is None


async def test_a_cursor_of_an_older_version_is_relocated_to_the_head() -> None:
    async with lanes({"list": ["a", "b"]}) as it:
        client = await it.patch_client()
        await it.set("/list/0", "new")
        state = {"cursor": {"path": "/list/1"}}
        client.says({"type": "presence", "state": state, "base": 1})
        it.clock.advance(1)
        it.live.presence._tick()
        [peer] = it.live.presence.book.peers()
        assert peer.state["cursor"]["path"] == "/list/2"


async def test_a_commit_relocates_the_cursors_that_clients_show() -> None:
    async with lanes({"list": ["a", "b"]}) as it:
        client = await it.patch_client()
        shown = [it.live.presence.book.has_cursors]
        client.says({"type": "presence", "state": {"cursor": {"path": "/list/1"}}})
        it.clock.advance(1)
        it.live.presence._tick()
        shown.append(it.live.presence.book.has_cursors)
        assert shown == [False, True]
        await it.set("/list/0", "new")
        it.clock.advance(1)
        it.live.presence._tick()
        [peer] = it.live.presence.book.peers()
        assert peer.state["cursor"]["path"] == "/list/2"
