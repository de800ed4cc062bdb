"""Presence, as real clients of both lanes see it."""

from __future__ import annotations

from typing import Any

from collab.rights.user_rights import Role
from tests.live.conftest import Join, JoinYjs
from tests.patch_client import PatchClient
from tests.running import RunningServer


def _sessions(client: PatchClient, what: str) -> list[Any]:
    return [
        one
        for message in client.others
        if message["type"] == "presence"
        for one in message.get(what, ())
    ]


async def test_joining_and_leaving_are_announced(join: Join, ada: str, bo: str, doc: str) -> None:
    one = await join(doc, ada, create={"title": "Hello"}, client="tab-1")
    two = await join(doc, bo)
    assert [peer["user"] for peer in two.opened["presence"]] == ["ada"]
    await one.until(lambda: bool(_sessions(one, "joined")))
    [joined] = _sessions(one, "joined")
    assert (joined["user"], joined["session"]) == ("bo", two.opened["session"])
    await two.close()
    await one.until(lambda: _sessions(one, "left") == [two.opened["session"]])


async def test_a_cursor_follows_its_text_when_others_type_before_it(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"title": "Hello world"})
    two = await join(doc, bo)
    cursor = {"path": "/title", "offset": 6}
    await two.send({"type": "presence", "base": 1, "state": {"cursor": cursor}})
    await one.until(lambda: bool(_sessions(one, "updated") or _cursors(one)))
    await one.set("/title", "Oh, Hello world")
    await one.until(lambda: {"path": "/title", "offset": 10} in _cursors(one))


def _cursors(client: PatchClient) -> list[Any]:
    return [peer["state"].get("cursor") for peer in _told(client)]


async def test_both_tabs_of_a_user_are_told_of_each_other(join: Join, ada: str, doc: str) -> None:
    one = await join(doc, ada, create={}, client="tab-1")
    two = await join(doc, ada, client="tab-2")
    told = {"type": "notice", "code": "another_tab"}
    await one.until(lambda: told in one.others)
    await two.until(lambda: told in two.others)
    await two.close()


async def test_a_read_only_preview_does_not_count_as_another_tab(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    one = await join(doc, ada, create={}, client="tab-1")
    await join(doc, await server.mint("ada", Role.VIEWER), client="tab-1-preview")
    await one.until(lambda: bool(_sessions(one, "joined")))
    assert {"type": "notice", "code": "another_tab"} not in one.others


async def test_tabs_on_different_lanes_are_told_of_each_other(
    join: Join, join_yjs: JoinYjs, ada: str, doc: str
) -> None:
    one = await join(doc, ada, create={}, client="tab-1")
    await join_yjs(doc, ada, client="tab-2")
    await one.until(lambda: {"type": "notice", "code": "another_tab"} in one.others)
    three = await join(doc, ada, client="tab-3")
    await three.until(lambda: {"type": "notice", "code": "another_tab"} in three.others)


async def test_a_resuming_client_gets_presence_and_keeps_its_name(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"n": 0})
    two = await join(doc, bo, client="tab-2")
    await one.send({"type": "presence", "state": {"at": "work"}})
    await two.until(lambda: {"at": "work"} in [peer["state"] for peer in _told(two)])
    since = {"epoch": two.opened["epoch"], "version": two.version}
    await two.close()
    again = await join(doc, bo, client="tab-2", since=since)
    assert again.opened["changes"] == []
    assert [(p["user"], p["state"]) for p in again.opened["presence"]] == [("ada", {"at": "work"})]
    await one.until(lambda: again.opened["session"] in [p["session"] for p in _told(one)])
    assert two.opened["session"] in _sessions(one, "left")
    assert not [message for message in again.others if message["type"] == "notice"]


async def test_a_cursor_moves_with_its_section_until_the_section_is_removed(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    sections = [{"id": name, "t": "two words"} for name in "abc"]
    one = await join(doc, ada, create={"s": sections})
    two = await join(doc, bo)
    cursor = {"path": "/s/1/t", "offset": 4}
    await two.send({"type": "presence", "base": 1, "state": {"cursor": cursor}})
    await one.until(lambda: cursor in _cursors(one))
    await one.answer(await one.patch({"op": "move", "from": "/s/1", "path": "/s/2"}))
    await one.until(lambda: {"path": "/s/2/t", "offset": 4} in _cursors(one))
    await one.send({"type": "undo", "id": "back"})
    await one.answer("back")
    await one.until(lambda: _cursors(one)[-1] == cursor)
    # An old base: the cursor is relocated over all changes since.
    await two.send({"type": "presence", "base": 2, "state": {"cursor": cursor, "n": 2}})
    await one.until(lambda: _cursors(one)[-1] == {"path": "/s/2/t", "offset": 4})
    await one.answer(await one.patch({"op": "remove", "path": "/s/2"}))
    await one.until(lambda: _told(one)[-1]["state"] == {"n": 2})


def _told(client: PatchClient) -> list[Any]:
    return _sessions(client, "joined") + _sessions(client, "updated")
