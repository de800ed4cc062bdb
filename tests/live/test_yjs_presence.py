"""Presence on the Yjs lane: shared with the patch lane, with users from tokens."""

from __future__ import annotations

from websockets.asyncio.client import connect

from collab.rights.user_rights import Role
from collab.yjs import awareness, frames
from tests.live.conftest import Join, JoinYjs
from tests.running import RunningServer
from tests.yjs_peer import QUERY_AWARENESS


async def test_patch_clients_see_awareness_states_with_the_tokens_user(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={})
    state = {"user": {"name": "The President", "id": "ada", "color": "#f80"}, "cursor": {"at": 3}}
    yjs = await join_yjs(doc, bo, client_id=99, state=state, client="tab-9")
    signed = {"id": "bo", "name": "Bo", "color": "#f80"}
    await patch.until(lambda: bool(patch.shown))
    [peer] = patch.shown
    assert (peer["user"], peer["client"], peer["client_id"]) == ("bo", "tab-9", 99)
    assert peer["state"] == {"user": signed, "cursor": {"at": 3}}
    await yjs.run("peer.provider.awareness.setLocalStateField('cursor', {at: 4})")
    await patch.until(lambda: bool(patch.shown[-1]["state"]["cursor"] == {"at": 4}))
    await yjs.disconnect()
    await patch.until(
        lambda: any(peer["session"] in message.get("left", ()) for message in patch.others)
    )


async def test_a_patch_clients_presence_is_in_the_awareness_until_it_leaves(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={"title": "Hello"})
    yjs = await join_yjs(doc, bo)
    cursor = {"path": "/title", "offset": 2}
    await patch.send({"type": "presence", "base": 1, "state": {"cursor": cursor, "color": "#08f"}})
    own = patch.opened["client_id"]
    await yjs.until(f"states[{own}]?.cursor !== undefined")
    assert await yjs.run(f"return states[{own}]") == {
        "cursor": cursor,
        "color": "#08f",
        "user": {"id": "ada", "name": "Ada", "color": "#08f"},
    }
    late = await join_yjs(doc, bo)
    await late.until(f"states[{own}]?.cursor?.offset === 2")
    await patch.close()
    await yjs.until(f"states[{own}] === undefined")


async def test_a_viewers_awareness_state_is_ignored(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={})
    viewer = await join_yjs(doc, await server.mint("eve", Role.VIEWER), state={"x": 1})
    await join_yjs(doc, bo, state={"y": 1})
    await patch.until(lambda: bool(patch.shown))
    assert [peer["user"] for peer in patch.shown] == ["bo"]
    assert await viewer.run("return [peer.closed, warnings.length]") == [None, 0]


async def test_a_client_cannot_send_states_of_other_clients(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={})
    yjs = await join_yjs(doc, ada, client_id=4711, state={"mine": 1})
    await yjs.run("content.set('mine', 1)")
    await patch.until(lambda: patch.version == 2 and bool(patch.shown))
    async with connect(f"{server.ws}/v1/yjs/{doc}?token={bo}", compression=None) as socket:
        for forged in (
            awareness.State(4711, 99, {"forged": True}),
            awareness.State(4711, 100, None),
            awareness.State(patch.opened["client_id"], 99, {"forged": True}),
            awareness.State(5, 1, {"honest": True}),
        ):
            await socket.send(frames.awareness(awareness.encode([forged])))
        await patch.until(lambda: len(patch.shown) == 2)
    assert [peer["client_id"] for peer in patch.shown] == [4711, 5]
    assert await yjs.run("return JSON.stringify(states).includes('forged')") is False


async def test_a_query_is_answered_with_all_awareness_states(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={})
    async with connect(f"{server.ws}/v1/yjs/{doc}?token={bo}", compression=None) as socket:
        seen = 0
        while seen < 2:  # once on opening without a query, then after the query
            frame = await socket.recv()
            assert isinstance(frame, bytes)
            [message] = frames.decode(frame)  # y-websocket reads one message per frame
            if not isinstance(message, frames.AwarenessUpdate):
                continue
            states = awareness.decode(message.body)
            if [state.client for state in states] == [patch.opened["client_id"]]:
                seen += 1
                await socket.send(QUERY_AWARENESS)


async def test_a_listening_client_does_not_take_over_a_left_clients_state(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={})
    silent = await join_yjs(doc, bo, client_id=55)
    await silent.run("peer.provider.awareness.setLocalState(null)")
    gone = await join_yjs(doc, bo, client_id=66, state={"here": 1})
    await silent.until("states[66] !== undefined")
    await gone.disconnect()
    await silent.until("states[66] === undefined")
    await silent.run("peer.provider.awareness.setLocalState({back: true})")
    await patch.until(
        lambda: any(peer["client_id"] == 55 and peer["state"].get("back") for peer in patch.shown)
    )


async def test_a_reconnecting_client_is_shown_under_its_old_client_id(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={})
    yjs = await join_yjs(doc, bo, client_id=77, state={"n": 1})
    await patch.until(lambda: len(patch.shown) == 1)
    for times in (2, 3):
        await yjs.cut()
        await patch.until(lambda: len(patch.shown) == times)  # noqa: B023 # awaited at once
    assert {(peer["user"], peer["client_id"]) for peer in patch.shown} == {("bo", 77)}
    assert [peer["state"]["n"] for peer in patch.shown] == [1, 1, 1]
    await yjs.run("peer.provider.awareness.setLocalStateField('n', 2)")
    await patch.until(lambda: bool(patch.shown[-1]["state"]["n"] == 2))
