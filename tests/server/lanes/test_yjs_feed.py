"""The feed of a Yjs client: updates in order, one diff after a pause, and expired tokens."""

from __future__ import annotations

from typing import Any

import pycrdt
import pytest

from collab.rights.user_rights import Role
from collab.structs import state_updates
from collab.yjs import frames as yjs_frames
from server.commits import recovery
from server.documents.room_state import LiveState
from server.lanes import session
from server.lanes.feed import FULL_SOCKET
from tests.held_store import until
from tests.server.lanes.lane_clients import Lanes, YjsClient, lanes


class Copy:
    """A Yjs client with its copy of the document."""

    def __init__(self, client: YjsClient) -> None:
        self.client, self.socket = client, client.socket
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc()
        self.content = self.doc.get("content", type=pycrdt.Map)

    def read(self) -> list[str]:
        """Take what was sent; return the kinds of the messages."""
        messages = self.socket.yjs()
        for message in messages:
            if isinstance(message, yjs_frames.SyncStep2 | yjs_frames.SyncUpdate):
                self.doc.apply_update(message.update)
        return [type(message).__name__ for message in messages]

    def edit(self, name: str, value: object) -> bytes:
        """Change the copy; return the update."""
        before = self.doc.get_state()
        self.content[name] = value
        return self.doc.get_update(before)

    def send(self, message: bytes) -> None:
        self.client.socket.handler.on_binary(message)

    @property
    def value(self) -> dict[str, Any]:
        return {name: self.content[name] for name in self.content}


async def synced(it: Lanes, token: str | None = None) -> Copy:
    """Return a client that has the document."""
    copy = Copy(await it.yjs_client(token))
    copy.send(yjs_frames.sync_step1(copy.doc.get_state()))
    await it.settled()
    copy.read()
    return copy


async def test_a_client_gets_the_step_1_of_the_server_and_the_answer_to_its_own() -> None:
    async with lanes({"n": 0}) as it:
        copy = Copy(await it.yjs_client())
        copy.send(yjs_frames.sync_step1(copy.doc.get_state()))
        await it.settled()
        assert copy.read() == ["AwarenessUpdate", "SyncStep1", "SyncStep2"]
        assert copy.value == {"n": 0}


async def test_a_new_client_of_a_large_document_gets_updates_and_then_its_step_2(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state_updates, "MANY_BLOCKS", 0)
    async with lanes({"t": "a" * 20_000}) as it:
        await it.set("/n", 1)
        copy = Copy(await it.yjs_client())
        copy.send(yjs_frames.sync_step1(copy.doc.get_state()))
        await it.settled()
        kinds = copy.read()[2:]
        assert kinds == ["SyncUpdate"] * (len(kinds) - 1) + ["SyncStep2"]
        assert len(kinds) > 1
        assert copy.value["n"] == 1
        late = Copy(await it.yjs_client(it.token("cy")))
        late.socket.waiting = FULL_SOCKET + 1
        await it.set("/n", 2)
        late.socket.waiting = 0
        late.client.socket.handler.on_writable()
        await it.settled()
        late.read()
        assert late.value["n"] == 2, "a catch-up of a client without the document has all parts"


async def test_each_commit_is_sent_as_its_updates_in_order_and_to_its_author_too() -> None:
    async with lanes({"n": 0}) as it:
        ada, cy = await synced(it), await synced(it, it.token("cy"))
        ada.send(yjs_frames.update(ada.edit("a", 1)))
        await it.settled()
        await it.set("/n", 5)
        assert cy.read() == ["SyncUpdate", "SyncUpdate"]
        ada.read()
        assert ada.value == cy.value == it.live.room.value == {"n": 5, "a": 1}


async def test_a_client_that_reads_nothing_gets_one_diff_when_it_reads_again() -> None:
    async with lanes({"n": 0}) as it:
        ada = await synced(it)
        ada.socket.waiting = FULL_SOCKET + 1
        for number in range(3):
            await it.set("/n", number + 1)
        assert ada.read() == []
        ada.socket.waiting = 0
        ada.client.socket.handler.on_writable()
        await it.settled()
        assert ada.read() == ["SyncUpdate"]
        assert ada.value == {"n": 3}
        ada.client.session.feed.pump()
        await it.set("/n", 9)
        assert ada.read() == ["SyncUpdate"]
        assert ada.value == {"n": 9}


async def test_each_diff_has_only_the_changes_since_the_state_that_the_client_got_last() -> None:
    async with lanes({"n": 0, "t": "x" * 3_000}) as it:
        ada = await synced(it)
        sizes = []
        for number in range(2):
            ada.socket.waiting = FULL_SOCKET + 1
            await it.set("/n", number + 1)
            ada.socket.waiting = 0
            ada.client.socket.handler.on_writable()
            await it.settled()
            sizes.append(sum(map(len, ada.socket.frames)))
            ada.read()
            ada.client.session.feed.pump()
        assert ada.value["n"] == 2
        assert max(sizes) < 100, "the text of 3,000 characters is not sent again"


async def test_an_update_of_an_expired_token_is_refused_and_the_client_is_closed() -> None:
    async with lanes({"n": 0}) as it:
        ada = await synced(it, it.token(seconds=100))
        it.clock.advance(100)
        ada.send(yjs_frames.update(ada.edit("late", 1)))
        await it.settled()
        assert ada.socket.codes == [4401]
        assert it.live.room.value == {"n": 0}
        ada.client.session._token_expiry.check()
        assert ada.socket.codes == [4401, 4401]


async def test_a_viewer_is_told_that_its_update_is_forbidden_and_stays() -> None:
    async with lanes({"n": 0}) as it:
        viewer = await synced(it, it.token(role=Role.VIEWER))
        viewer.send(yjs_frames.update(viewer.edit("v", 1)))
        await it.settled()
        assert viewer.read() == ["PermissionDenied"]
        assert viewer.socket.codes == []
        assert it.live.room.value == {"n": 0}


async def test_a_client_without_the_dependencies_is_asked_twice_and_then_closed() -> None:
    async with lanes({"n": 0}) as it:
        ada = await synced(it)
        ada.edit("lost", 1)
        late = ada.edit("late", 2)
        ada.send(yjs_frames.update(late))
        await it.settled()
        assert ada.read() == ["SyncStep1"]
        ada.send(yjs_frames.sync_step2(late))
        await it.settled()
        assert ada.read() == ["SyncStep1"]
        ada.send(yjs_frames.sync_step2(late))
        await it.settled()
        assert ada.socket.codes == [4410]


async def test_a_text_frame_closes_the_connection() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.yjs_client()
        client.socket.handler.on_text(b"{}")
        assert client.socket.codes == [4400]
        client.socket.handler.on_binary(b"\xff\xff")
        assert client.socket.codes == [4400, 4400]


async def test_a_client_that_leaves_gives_everything_back() -> None:
    async with lanes({"n": 0}) as it:
        client = await it.yjs_client()
        live, left = it.live, client.session
        assert (live.users, len(live.audience), len(live.presence.book)) == (1, 1, 1)
        client.socket.lose(1001)
        assert (live.users, len(live.audience), len(live.presence.book)) == (0, 0, 0)
        keep_alive = left._keep_alive
        assert keep_alive is not None
        assert keep_alive.cancelled()
        asked = len(live.queue)
        left.feed.resynchronise()
        left.on_writable()
        assert len(live.queue) == asked


async def test_the_budget_of_the_user_pays_and_a_closed_tab_lets_another_send_a_large_frame() -> (
    None
):
    async with lanes({"n": 0}, max_frame=1_000) as it:
        first, second = await it.yjs_client(), await it.yjs_client()
        budgets = it.services.budget_pool._budgets[it.live.key, "ada"]
        assert first.session.member.budget is budgets.inbound
        assert not budgets.claim_large_frame(second)
        first.socket.lose(1001)
        assert budgets.claim_large_frame(second)
        second.session.disconnect_slow()
        assert second.socket.closed == [(4508, "slow_consumer")]


async def test_a_keep_alive_says_nothing_and_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with lanes({"n": 0}) as it:
        client = await it.yjs_client()
        await it.settled()
        client.socket.yjs()
        before = client.session._keep_alive
        client.session._send_keep_alive()
        assert [type(one).__name__ for one in client.socket.yjs()] == ["AwarenessUpdate"]
        assert client.session._keep_alive is not before
        assert session.KEEP_ALIVE_SECONDS < 15


async def test_an_update_that_failed_in_trouble_is_asked_for_again_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0.0)
    async with lanes({"n": 0}) as it:
        ada = await synced(it)
        update = ada.edit("a", 1)
        it.calls.hold("ping")
        it.calls.fail_next("commit")
        ada.send(yjs_frames.update(update))
        await until(lambda: it.live.is_read_only)
        ada.send(yjs_frames.sync_step1(ada.doc.get_state()))  # a read waits
        assert ada.read() == []
        it.calls.release("ping")
        await until(lambda: it.live.state is LiveState.OPEN)
        await it.settled()
        assert sorted(ada.read()) == ["SyncStep1", "SyncStep2"]
        ada.send(yjs_frames.sync_step2(update))
        await it.settled()
        assert it.live.room.value == {"n": 0, "a": 1}
        assert ada.socket.codes == []
