"""Restoring a part of an older version puts it into its place in the current document."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from collab.document.restoring import restore_ops
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.apply import replay


def page(*sections: Any, **more: Any) -> dict[str, Any]:
    return {"sections": list(sections), **more}


HERO = {"id": "hero", "text": "old"}
FAQ = {"id": "faq", "text": "questions"}


def test_the_whole_document_is_restored() -> None:
    assert replay(page(FAQ), restore_ops(page(HERO), page(FAQ), "")[1]) == page(HERO)


def test_a_moved_section_is_found_by_its_id_and_put_back_in_its_place() -> None:
    now = page(FAQ, {"id": "hero", "text": "new"})
    place, ops = restore_ops(page(HERO, FAQ), now, "/sections/0")
    assert place == ("sections", "1")
    assert ops == [
        {"op": "move", "from": "/sections/1", "path": "/sections/0"},
        {"op": "replace", "path": "/sections/0/text", "value": "old"},
    ]
    place, ops = restore_ops(page(HERO, FAQ), now, "/sections/0", moves=False)
    assert place == ("sections", "1")
    assert ops == [{"op": "replace", "path": "/sections/1/text", "value": "old"}]


def named(names: str) -> list[dict[str, str]]:
    return [{"id": name} for name in names]


@pytest.mark.parametrize(
    ("old", "now", "name", "expected"),
    [
        ("abcd", "bacd", "a", "abcd"),  # of two neighbours, either one may have moved
        ("abcd", "bacd", "b", "abcd"),
        ("abcd", "bcda", "a", "abcd"),
        ("abcd", "bcda", "c", "bcda"),  # another element has moved
        ("abc", "bca", "b", "bca"),
        ("abcd", "nacbd", "b", "nabcd"),
        ("abcd", "nbcda", "a", "nabcd"),  # nothing was before it: it goes before its old neighbour
        ("abcd", "xyacd", "b", "xyabcd"),  # removed
        ("abcd", "bcxd", "a", "abcxd"),
        ("abc", "xy", "b", "xby"),  # all neighbours are gone
        ("abc", "xby", "b", "xby"),
        ("abcdef", "fedcba", "a", "fedcab"),
    ],
)
def test_an_element_gets_its_place_among_the_others(
    old: str, now: str, name: str, expected: str
) -> None:
    ops = restore_ops(page(*named(old)), page(*named(now)), f"/sections/{old.index(name)}")[1]
    result: Any = replay(page(*named(now)), ops)
    assert "".join(each["id"] for each in result["sections"]) == expected


def test_a_restore_moves_no_other_element_and_the_second_one_changes_nothing() -> None:
    random = Random(7)
    for _ in range(300):
        old = "".join(random.sample("abcdefgh", random.randint(1, 8)))
        now = "".join(random.sample("abcdefghxyz", random.randint(0, 9)))
        pointer = f"/sections/{random.randrange(len(old))}"
        own = old[int(pointer.rpartition("/")[2])]
        result: Any = replay(
            page(*named(now)), restore_ops(page(*named(old)), page(*named(now)), pointer)[1]
        )
        ids = "".join(each["id"] for each in result["sections"])
        assert ids.replace(own, "") == now.replace(own, "")
        assert ids.count(own) == 1
        assert restore_ops(page(*named(old)), result, pointer)[1] == []


def test_an_element_without_an_id_is_found_by_its_place() -> None:
    old, now = page({"text": "one"}, HERO), page({"text": "two"}, HERO)
    ops = restore_ops(old, now, "/sections/0")[1]
    assert ops == [{"op": "replace", "path": "/sections/0/text", "value": "one"}]


def test_a_removed_section_is_inserted_near_its_old_index() -> None:
    assert replay(page(FAQ), restore_ops(page(HERO, FAQ), page(FAQ), "/sections/0")[1]) == page(
        HERO, FAQ
    )
    assert replay(page(), restore_ops(page(FAQ, HERO), page(), "/sections/1")[1]) == page(HERO)


def test_a_field_of_a_removed_section_has_no_place() -> None:
    with pytest.raises(Rejected, match="path_not_found"):
        restore_ops(page(HERO), page(FAQ), "/sections/0/text")


def test_a_value_that_never_existed_cannot_be_restored() -> None:
    with pytest.raises(Rejected, match="path_not_found"):
        restore_ops(page(HERO), page(HERO), "/sections/3")


def test_a_removed_key_is_added_again() -> None:
    ops = [{"op": "add", "path": "/seo", "value": 1}]
    assert restore_ops(page(seo=1), page(), "/seo") == (("seo",), ops)


@pytest.mark.parametrize(("old", "now"), [({"x": 1}, ["y"]), ({"x": 1}, "text"), (["y"], {"x": 1})])
def test_a_parent_of_another_type_is_not_a_place(old: Json, now: Json) -> None:
    pointer = "/a/x" if isinstance(old, dict) else "/a/0"
    with pytest.raises(Rejected) as refused:
        restore_ops({"a": old}, {"a": now}, pointer)
    assert refused.value.refusal.code is Code.PATH_NOT_FOUND
