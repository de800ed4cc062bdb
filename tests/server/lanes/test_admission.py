"""Admission: who may open or create a document, and which changes a returning client gets."""

from __future__ import annotations

from typing import Any

import pytest

from collab.rights.user_rights import Role
from server.broadcast.close_reasons import DELETED
from server.lanes import admission
from tests.held_store import until
from tests.server.lanes.lane_clients import Lanes, PatchClient, lanes

LARGE: dict[str, Any] = {"t": "x" * 4_000}


async def opened(it: Lanes, token: str | None = None, **fields: Any) -> PatchClient:
    client = PatchClient(it, token or it.token())
    client.open(**fields)
    await client.is_open()
    return client


async def first(it: Lanes, **fields: Any) -> dict[str, Any]:
    client = await opened(it, **fields)
    return client.socket.messages()[0]


async def test_an_editor_creates_a_missing_document_and_others_do_not() -> None:
    async with lanes() as it:
        viewer = await opened(it, it.token(role=Role.VIEWER), create={"n": 0})
        assert viewer.socket.codes == [4404]
        narrow = await opened(it, it.token(sections=("/n",)), create={"n": 0})
        assert narrow.socket.codes == [4403]
        assert it.hub.lives == {}
        message = await first(it, create={"n": 0})
        assert (message["version"], message["value"]) == (1, {"n": 0})


async def test_a_document_that_exists_is_not_created_again() -> None:
    async with lanes({"n": 0}) as it:
        message = await first(it, create={"n": 9})
        assert (message["version"], message["value"]) == (1, {"n": 0})


async def test_creations_are_charged_and_a_user_in_debt_creates_none() -> None:
    async with lanes(new_bytes_per_second=1, new_burst=1) as it:
        for _ in range(2):
            await first(it, create=LARGE)
            await it.hub.delete(it.live)
        client = await opened(it, create=LARGE)
        assert client.socket.codes == [4529]
        yjs = await it.yjs_client()
        assert yjs.socket.codes == [4529]


async def test_a_document_takes_so_many_connections_on_both_lanes() -> None:
    async with lanes({"n": 0}, max_connections=2) as it:
        one, _ = await opened(it), await it.yjs_client()
        late, late_on_yjs = await opened(it), await it.yjs_client()
        assert (late.socket.codes, late_on_yjs.socket.codes) == ([4413], [4413])
        assert it.live.users == 2
        one.socket.lose(1001)
        assert (await opened(it)).socket.codes == []


async def test_a_document_that_ends_during_the_admission_admits_no_client() -> None:
    async with lanes({"n": 0}) as it:
        await it.set("/n", 1)
        it.live.room.tail.drop_entries()
        it.calls.hold("log_bytes")
        client = PatchClient(it, it.token())
        client.open(since={"epoch": 1, "version": 1})
        await it.calls.reached("log_bytes")
        live = it.live
        it.hub.end_room(live, DELETED)
        it.calls.release("log_bytes")
        await until(lambda: client.socket.closed)
        assert client.socket.codes == [4404]
        assert (live.users, len(live.audience)) == (0, 0)


async def test_a_yjs_client_opens_a_missing_document_only_with_the_right_to_create_it() -> None:
    async with lanes() as it:
        for token in (it.token(role=Role.VIEWER), it.token(sections=("/n",))):
            assert (await it.yjs_client(token)).socket.codes == [4404]
        assert it.hub.lives == {}
        editor = await it.yjs_client()
        assert editor.socket.codes == []
        expired = await it.yjs_client(it.token(age=7_200))
        assert expired.socket.codes == [4401]


# --- a client that returns --------------------------------------------------------------------


async def test_a_returning_client_gets_the_changes_that_it_missed_with_its_own_ids() -> None:
    async with lanes({"n": 0}) as it:
        ada = await it.patch_client()
        ada.patch("mine", "/m", 1, base=1)
        await it.settled()
        await it.set("/n", 1)
        message = await first(it, since={"epoch": 1, "version": 1})
        assert [(one["version"], one.get("id")) for one in message["changes"]] == [
            (2, "mine"),
            (3, None),
        ]
        assert "value" not in message
        assert not message.get("resync", False)


@pytest.mark.parametrize("since", [(2, 1), (1, 0), (1, 9)])
async def test_a_version_of_another_epoch_or_the_future_gets_the_value(
    since: tuple[int, int],
) -> None:
    async with lanes({"n": 0}) as it:
        message = await first(it, since={"epoch": since[0], "version": since[1]})
        assert message["value"] == {"n": 0}
        assert message["resync"] is True
        assert "changes" not in message


async def test_changes_before_the_tail_are_read_from_the_log() -> None:
    async with lanes({"n": 0}) as it:
        for number in range(3):
            await it.set("/n", number + 1)
        it.live.room.tail.drop_entries()
        await it.set("/n", 9)
        message = await first(it, since={"epoch": 1, "version": 1})
        assert [one["version"] for one in message["changes"]] == [2, 3, 4, 5]


@pytest.mark.parametrize(("name", "most"), [("MAX_RESUMED", 2), ("MAX_RESUMED_BYTES", 10)])
async def test_a_client_that_missed_too_much_gets_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(admission, name, most)
    async with lanes({"n": 0}) as it:
        for number in range(3):
            await it.set("/n", number + 1)
        it.live.room.tail.drop_entries()
        message = await first(it, since={"epoch": 1, "version": 1})
        assert (message["value"], message["resync"]) == ({"n": 3}, True)


async def test_edits_during_the_reading_of_the_log_are_among_the_changes() -> None:
    async with lanes({"n": 0}) as it:
        await it.set("/n", 1)
        it.live.room.tail.drop_entries()
        it.calls.hold("log_bytes")
        client = PatchClient(it, it.token())
        client.open(since={"epoch": 1, "version": 1})
        await it.calls.reached("log_bytes")
        await it.set("/n", 2)
        it.calls.release("log_bytes")
        await client.is_open()
        message = client.socket.messages()[0]
        assert [one["version"] for one in message["changes"]] == [2, 3]
        assert message["version"] == 3


async def test_a_refused_client_releases_the_document() -> None:
    async with lanes({"n": 0}) as it:
        await it.set("/n", 1)
        it.live.room.tail.drop_entries()
        it.calls.fail("log_bytes", error=RuntimeError("a bug"))
        client = PatchClient(it, it.token())
        client.open(since={"epoch": 1, "version": 1})
        await until(lambda: client.socket.closed)
        assert client.socket.codes == [1011]
        assert it.live.users == 0
