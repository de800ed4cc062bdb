"""Edit locks on the Yjs lane: the server reverts an update's changes under a foreign lock."""

from __future__ import annotations

import json

import pytest

from tests.live.conftest import Join, JoinYjs
from tests.live.locking import PAGE, ask, hold, until_heard
from tests.patch_client import PatchClient
from tests.yjs_peer import YjsPeer

FREE = {**PAGE, "title": "!Landing"}


async def _ends_on(client: PatchClient, peer: YjsPeer, value: object, version: int) -> None:
    await client.until_version(version)
    assert client.value == value
    await peer.until_equals("", value)
    assert await peer.read() == value


@pytest.mark.parametrize(
    "attack",
    [
        "at('/sections/0/headline').insert(0, 'X')",
        "at('/sections/0').set('headline', new Y.Text('X'))",
        "at('/sections/0').set('extra', 'X')",
        "at('/sections/0').delete('cta')",
        "at('/sections/0/cta').set('label', 7)",
        "layout.moveElement(at('/sections'), 0, 2)",
        "at('/sections/0').set('@deleted', true)",
        "at('/sections').delete('hero')",
        "at('/sections').set('hero', new Y.Map([['headline', 'X'], ['@order', 'z9']]))",
    ],
)
async def test_changes_under_a_lock_are_reverted_and_the_rest_stays(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str, attack: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    lock = (await hold(one))["lock"]
    await yjs.run(f"{attack}; at('/title').insert(0, '!')")
    await _ends_on(one, yjs, FREE, 2)
    assert [op["path"] for op in one.changes[0]["ops"]] == ["/title"]
    # The connection and the lock continue.
    await yjs.run("at('/sections/1/headline').insert(0, 'More ')")
    await one.until_version(3)
    assert one.value["sections"][1]["headline"] == "More Cards"
    assert (await one.set("/sections/0/headline", "Held", fence=lock["fence"]))["type"] == "ack"
    await yjs.until_equals("/sections/0/headline", "Held")
    again = await join(doc, bo)
    assert again.opened["locks"] == [lock]


async def test_an_update_that_removes_the_locked_sections_array_is_reverted_whole(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    await hold(one)
    await yjs.run("content.delete('sections'); at('/title').insert(0, '!')")
    await _ends_on(one, yjs, PAGE, 2)
    assert not any(op for change in one.changes for op in change["ops"])


async def test_siblings_may_be_added_moved_and_removed_around_a_lock(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    lock = (await hold(one, "/sections/1"))["lock"]
    await yjs.run("layout.insertElement(at('/sections'), 0, 'new', {id: 'new', type: 'hero'})")
    await until_heard(one, id=lock["id"], scope="/sections/2")
    await yjs.run("at('/sections/0').set('@deleted', true)")
    await until_heard(one, id=lock["id"], scope="/sections/1")
    await yjs.run("layout.moveElement(at('/sections'), 0, 2)")
    await until_heard(one, id=lock["id"], scope="/sections/0")
    await one.until_version(4)
    assert [section["id"] for section in one.value["sections"]] == ["cards", "foot", "hero"]


async def test_the_holder_writes_on_both_lanes_and_may_delete_the_section(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE, client="tab-1")
    two = await join(doc, bo)
    yjs = await join_yjs(doc, ada, client="tab-1")
    lock = (await hold(one))["lock"]
    await yjs.run("at('/sections/0/headline').insert(0, 'Own ')")
    await two.until_version(2)
    assert two.value["sections"][0]["headline"] == "Own Hello"
    await yjs.run("layout.moveElement(at('/sections'), 0, 2)")
    await until_heard(two, id=lock["id"], scope="/sections/2")
    await yjs.run("at('/sections').delete('hero')")
    ended = await until_heard(two, id=lock["id"], holder=None)
    assert ended["reason"] == "deleted"


async def test_offline_edits_are_reverted_under_a_newer_lock(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    await yjs.disconnect()
    for number in range(5):
        await yjs.run(f"at('/sections/0/headline').insert(0, '{number}')")
    await yjs.run("at('/title').insert(0, '!')")
    await hold(one)
    held = await one.set("/sections/0/headline", "Held")
    assert held["type"] == "ack"
    await yjs.reconnect()
    await one.until_version(3)
    expected = json.loads(json.dumps(FREE))
    expected["sections"][0]["headline"] = "Held"
    await _ends_on(one, yjs, expected, 3)


async def test_a_reverted_edit_may_be_made_again_after_the_lock(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    lock = (await hold(one))["lock"]
    await yjs.run("at('/sections/0/headline').insert(0, 'X')")
    await one.until_version(2)
    await yjs.until_equals("", PAGE)
    await ask(one, "release", lock_id=lock["id"])
    await yjs.run("at('/sections/0/headline').insert(0, 'X')")
    await one.until_version(3)
    assert one.value["sections"][0]["headline"] == "XHello"
