"""The presence of a Yjs client: own states, free echoes, and what is shown of the others."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from collab.errors import Rejected
from collab.ids import Json
from collab.yjs import awareness
from collab.yjs import frames as yjs_frames
from collab.yjs.awareness import State
from server.lanes.yjs_presence import MAX_STATE, MOST_ECHOES
from tests.server.lanes.lane_clients import Lanes, YjsClient, lanes
from tests.yjs_peer import QUERY_AWARENESS


async def client(it: Lanes, user: str = "ada") -> YjsClient:
    found = await it.yjs_client(it.token(user))
    await it.settled()
    found.socket.yjs()
    return found


def show(client: YjsClient, number: int, clock: int, state: dict[str, Any] | None) -> None:
    body = awareness.encode([State(number, clock, state)])
    client.socket.handler.on_binary(yjs_frames.awareness(body))


def announce(it: Lanes) -> None:
    """Let the timer of the presence fire."""
    it.clock.advance(1)
    it.live.presence._tick()


def states(client: YjsClient) -> list[tuple[int, int, object]]:
    """Return client, clock and `at` of each state that the client was sent."""
    return [
        (one.client, one.clock, None if one.state is None else one.state.get("at"))
        for message in client.socket.yjs()
        if isinstance(message, yjs_frames.AwarenessUpdate)
        for one in awareness.decode(message.body)
    ]


async def test_a_state_is_shown_to_the_others_and_on_request_to_a_newcomer() -> None:
    async with lanes({"n": 0}) as it:
        ada, bo = await client(it), await client(it, "bo")
        show(ada, 7, 1, {"at": 1})
        announce(it)
        assert (7, 1, 1) in states(bo)
        late = await it.yjs_client(it.token("cy"))
        await it.settled()
        assert (7, 1, 1) in states(late)
        bo.socket.handler.on_binary(QUERY_AWARENESS)
        assert states(bo) == [(7, 1, 1)]


async def test_a_client_that_leaves_is_taken_from_the_others() -> None:
    async with lanes({"n": 0}) as it:
        ada, bo = await client(it), await client(it, "bo")
        show(ada, 7, 1, {"at": 1})
        announce(it)
        states(bo)
        ada.socket.lose(1001)
        announce(it)
        assert [(one[0], one[2]) for one in states(bo)] == [(7, None)]


async def test_an_echo_of_what_was_shown_is_free_and_a_second_one_is_not() -> None:
    async with lanes({"n": 0}) as it:
        presence = (await client(it)).session.presence
        assert not presence.consume_echo(1)
        presence.count_shown(10)
        presence.count_shown(0)
        assert not presence.consume_echo(11)
        assert presence.consume_echo(10)
        assert not presence.consume_echo(1)
        for _ in range(MOST_ECHOES + 5):
            presence.count_shown(2)
        assert sum(presence.consume_echo(1) for _ in range(MOST_ECHOES + 5)) == MOST_ECHOES


async def test_echoes_are_free_up_to_the_bytes_and_the_messages_that_were_shown() -> None:
    async with lanes({"n": 0}) as it:
        presence = (await client(it)).session.presence
        for size in (10, 20):
            presence.count_shown(size)
        sizes = (12, 19, 18, 0)
        assert [presence.consume_echo(size) for size in sizes] == [True, False, True, False]


async def test_a_state_of_the_users_older_socket_comes_behind_a_stale_removal() -> None:
    async with lanes({"n": 0}) as it:
        older, newer = await client(it), await client(it)
        show(older, 7, 3, {"at": 1})
        announce(it)
        newer.socket.yjs()
        presence = newer.session.presence
        shown = [len(message) for message in presence.all_states()]
        [before] = presence.protect_own([State(7, 3, {"at": 1})])
        assert before == yjs_frames.awareness(awareness.encode([State(7, 2, None)]))
        while presence.consume_echo(1):
            pass
        newer.socket.handler.on_binary(QUERY_AWARENESS)
        assert states(newer) == [(7, 2, None), (7, 3, 1)]
        assert [presence.consume_echo(size) for size in (*shown, 1)] == [True, True, False]


@pytest.mark.parametrize(("connections", "most"), [(100, 1_024), (600, 1_200)])
async def test_an_echo_may_have_twice_as_many_states_as_there_may_be_clients(
    connections: int, most: int
) -> None:
    async with lanes({"n": 0}, max_connections=connections) as it:
        presence = (await client(it)).session.presence
        many = [State(number + 1, 1, None) for number in range(most + 1)]
        assert list(presence.receive(awareness.encode(many[:most]), 0.0)) == []
        with pytest.raises(Rejected):
            presence.receive(awareness.encode(many), 0.0)


@pytest.mark.parametrize(("limit", "most"), [(100, 100), (0, MAX_STATE)])
async def test_a_state_has_at_most_the_bytes_of_the_setting(limit: int, most: int) -> None:
    async with lanes({"n": 0}, presence_bytes=limit) as it:
        presence = (await client(it)).session.presence
        for size in (most, most + 1):
            state: dict[str, Json] = {"at": "x" * (size - len('{"at":""}'))}
            body = awareness.encode([State(7, size, state)])
            with pytest.raises(Rejected) if size > most else nullcontext():
                presence.receive(body, 0.0)


async def test_a_client_may_not_show_the_state_of_another_client() -> None:
    async with lanes({"n": 0}) as it:
        ada, bo = await client(it), await client(it, "bo")
        show(ada, 7, 1, {"at": 1})
        announce(it)
        show(bo, 7, 5, {"at": "false"})
        announce(it)
        assert all(at != "false" for _, _, at in states(ada))


async def test_without_other_clients_the_answer_is_an_empty_message() -> None:
    async with lanes({"n": 0}) as it:
        ada = await client(it)
        ada.socket.handler.on_binary(QUERY_AWARENESS)
        [message] = ada.socket.yjs()
        assert isinstance(message, yjs_frames.AwarenessUpdate)
        assert awareness.decode(message.body) == []
