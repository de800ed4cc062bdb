"""Who is there, as real clients of both lanes see it."""

from __future__ import annotations

from typing import Any

from tests.live.conftest import Join
from tests.patch_client import PatchClient


def _sessions(client: PatchClient, what: str) -> list[Any]:
    return [
        one
        for message in client.others
        if message["type"] == "presence"
        for one in message.get(what, ())
    ]


async def test_a_newcomer_is_announced_and_a_leaver_too(
    join: Join, ada: str, bo: str, doc: str
) -> None:
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
    seen = _sessions(client, "joined") + _sessions(client, "updated")
    return [peer["state"].get("cursor") for peer in seen]


async def test_the_same_user_in_another_tab_is_told_in_both(join: Join, ada: str, doc: str) -> None:
    one = await join(doc, ada, create={}, client="tab-1")
    two = await join(doc, ada, client="tab-2")
    told = {"type": "notice", "code": "another_tab"}
    await one.until(lambda: told in one.others)
    await two.until(lambda: told in two.others)
    await two.close()
