"""Stale moves over real sockets: what others changed goes along, and nothing own is overwritten."""

from __future__ import annotations

from typing import Any

from tests.live.conftest import Join


def moved(source: str, path: str) -> dict[str, Any]:
    return {"op": "move", "from": source, "path": path}


def replaced(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


async def test_a_stale_move_over_its_holder_takes_along_what_others_changed(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"box": [1, {"n": 2}]})
    two = await join(doc, bo)
    await two.answer(await two.patch(replaced("/box/1/n", 5), moved("/box", "/shelf")))
    answer = await one.answer(await one.patch(moved("/box/1", "/box"), base=1))
    assert (answer["type"], answer.get("conflicts", [])) == ("ack", [])
    await two.until_version(3)
    assert one.value == two.value == {"box": {"n": 5}, "shelf": [1]}


async def test_a_patch_never_overwrites_what_its_own_client_wrote_and_others_moved(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"n": 1, "list": [5, 6]})
    two = await join(doc, bo)
    await two.answer(await two.patch(moved("/n", "/list/1")))
    first = await one.answer(await one.patch(replaced("/n", 3), base=1))
    assert [conflict["path"] for conflict in first["conflicts"]] == ["/list/1"]
    second = await one.answer(await one.patch({"op": "remove", "path": "/list"}, base=1))
    assert (second["type"], second["code"], second["path"]) == ("reject", "conflict", "/list")
    assert one.value == {"list": [5, 3, 6]}


async def test_a_patch_stands_on_one_whose_move_came_to_nothing(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"list": [1, [3]]})
    two = await join(doc, bo)
    await two.answer(await two.patch(moved("/list/1", "/list/0")))
    copied = {"op": "copy", "from": "/list/0", "path": "/list/0/0"}
    await one.answer(await one.patch(moved("/list/1", "/list/0"), copied, base=1))
    answer = await one.answer(await one.patch(moved("/list/0/0/0", "/list/0/0"), base=1))
    assert answer["type"] == "ack"
    assert one.value == {"list": [[3, [], 3], 1]}
