"""Stale moves over real sockets keep other users' changes and overwrite no own edit."""

from __future__ import annotations

from typing import Any

from tests.live.conftest import Join


def moved(source: str, path: str) -> dict[str, Any]:
    return {"op": "move", "from": source, "path": path}


def replaced(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


async def test_a_stale_move_over_its_container_keeps_others_changes(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"box": [1, {"n": 2}]})
    two = await join(doc, bo)
    await two.answer(await two.patch(replaced("/box/1/n", 5), moved("/box", "/shelf")))
    answer = await one.answer(await one.patch(moved("/box/1", "/box"), base=1))
    assert (answer["type"], answer.get("conflicts", [])) == ("ack", [])
    await two.until_version(3)
    assert one.value == two.value == {"box": {"n": 5}, "shelf": [1]}


async def test_a_patch_never_overwrites_its_clients_own_edit_that_others_moved(
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


async def test_a_patch_may_depend_on_a_patch_whose_move_had_no_effect(
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


async def test_r10_a_patch_that_lacks_an_answer_without_a_version_does_not_overwrite(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"n": 1, "t": "a b c d e"})
    two = await join(doc, bo)
    await two.set("/t", "A b c d E")
    first = await one.answer(await one.patch(replaced("/n", 2), base=1))
    merged = await one.patch(replaced("/t", "A b c d e"), base=1)
    same = await one.answer(merged)
    assert (first["version"], same["version"], same["ops"]) == (3, 3, [])
    # The client raised `base` after the first answer, before it read the second one.
    late = await one.answer(
        await one.patch(replaced("/t", "A b c d e f"), base=first["version"], after=merged)
    )
    assert (late["type"], late["code"]) == ("reject", "conflict")
    read = await one.answer(await one.patch(replaced("/t", "A b c d E f"), base=3, after=""))
    assert read["type"] == "ack"
    await two.until_version(read["version"])
    assert one.value["t"] == two.value["t"] == "A b c d E f"
