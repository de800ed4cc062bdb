"""The areas of the pointers in a token, and the ops that stay inside them."""

from __future__ import annotations

from typing import Any

import pytest

from collab.errors import Rejected
from collab.patch.bounds import Bounds
from collab.rights.sections import Sections, areas_of

PAGE: dict[str, Any] = {
    "title": "Home",
    "seo": {"title": "x", "id": "seo"},
    "sections": [
        {"id": "hero", "text": "Hello", "cards": [{"id": "one", "n": 1}, {"id": "two", "n": 2}]},
        {"id": "faq", "text": "Why?", "cards": []},
        {"id": "twin", "text": "a"},
        {"id": "twin", "text": "b"},
        {"id": 7, "text": "numbered"},
        {"id": "7", "text": "named like a number"},
        [{"id": "in"}, "text"],
        {"id": "a/b~c", "text": "escaped"},
        {"id": "", "text": "nameless"},
        {"text": "without"},
    ],
}


def places(*sections: str) -> list[tuple[str, ...]]:
    return [area.tokens for area in areas_of(sections, PAGE)]


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("", ()),
        ("/title", ("title",)),
        ("/sections/0", ("sections", "0")),
        ("/sections/hero", ("sections", "0")),
        ("/sections/hero/cards/two/n", ("sections", "0", "cards", "1", "n")),
        ("/sections/hero/cards/1/n", ("sections", "0", "cards", "1", "n")),
        ("/sections/7", ("sections", "7")),
        ("/sections/6/in", ("sections", "6", "0")),
        ("/sections/a~1b~0c/text", ("sections", "7", "text")),
        ("/sections/", ("sections", "8")),
        ("/sections/faq/id", ("sections", "1", "id")),
    ],
)
def test_x1_a_segment_below_a_list_is_an_index_or_an_id(
    pointer: str, place: tuple[str, ...]
) -> None:
    assert places(pointer) == [place]


@pytest.mark.parametrize(
    "pointer",
    [
        "/nothing",
        "/sections/twin",
        "/sections/twin/text",
        "/sections/10",
        "/sections/00",
        "/sections/-",
        "/sections/-1",
        "/sections/٣",
        "/title/0",
        "/sections/hero/gone",
        "/sections/hero/cards/three",
        "/sections/Hero",
        "/",
    ],
)
def test_x1_a_pointer_to_no_single_value_gives_no_right(pointer: str) -> None:
    assert places(pointer) == []


def judged(sections: tuple[str, ...], *ops: dict[str, Any]) -> str:
    """The code and the number of the op that is refused; empty when none is."""
    try:
        Sections(areas_of(sections, PAGE)).check(list(ops), PAGE, Bounds())
    except Rejected as rejected:
        extra = rejected.refusal.extra
        named = ops[extra["op"]]["path"] == extra["path"]
        return f"{rejected.refusal.code} {extra['op']}" if named else "another path"
    return ""


def put(path: str, value: Any = "new", op: str = "replace") -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


def take(op: str, source: str, path: str) -> dict[str, Any]:
    return {"op": op, "from": source, "path": path}


HERO = ("/sections/hero",)
ALLOWED = {
    "a value below": [put("/sections/0/text")],
    "a text below": [{"op": "splice", "path": "/sections/0/text", "offset": 0, "insert": "a"}],
    "a new member below": [put("/sections/0/new", 1, "add")],
    "a member removed below": [remove("/sections/0/text")],
    "an element added below": [put("/sections/0/cards/-", {}, "add")],
    "an element moved below": [take("move", "/sections/0/cards/0", "/sections/0/cards/1")],
    "an element removed below": [remove("/sections/0/cards/0")],
    "the element itself, with its id": [put("/sections/0", {"id": "hero", "text": "all new"})],
    "its id, to the same value": [put("/sections/0/id", "hero")],
    "its id, changed and changed back": [put("/sections/0/id", "x"), put("/sections/0/id", "hero")],
    "a copy from outside": [take("copy", "/title", "/sections/0/text")],
    "a test outside": [put("/title", "Home", "test"), put("/sections/0/text")],
    "nothing": [],
}
REFUSED = {
    "a value outside": [put("/title")],
    "a value outside, to the same value": [put("/title", "Home")],
    "the second op": [put("/sections/0/text"), put("/sections/1/text")],
    "the element removed": [remove("/sections/0")],
    "the element moved": [take("move", "/sections/0", "/sections/1")],
    "the element moved to its own place": [take("move", "/sections/0", "/sections/0")],
    "an element before it": [put("/sections/0", {"id": "hero"}, "add")],
    "an element at the end of the list": [put("/sections/-", {}, "add")],
    "a copy beside it": [take("copy", "/sections/0/text", "/sections/1")],
    "its list replaced": [put("/sections", [])],
    "the document replaced": [put("", {})],
    "the document added": [put("", {}, "add")],
    "moved in from outside": [take("move", "/sections/1/text", "/sections/0/text")],
    "moved out": [take("move", "/sections/0/text", "/text")],
    "its id changed": [put("/sections/0/id", "other")],
    "its id removed": [remove("/sections/0/id")],
    "its id moved away": [take("move", "/sections/0/id", "/sections/0/key")],
    "its id overwritten by a copy": [take("copy", "/title", "/sections/0/id")],
    "replaced by another element": [put("/sections/0", {"id": "other"})],
    "replaced by a string": [put("/sections/0", "hero")],
    "its id as a number": [put("/sections/0", {"id": 0})],
    "a pointer with the same beginning": [put("/sections/0x", 1)],
}


@pytest.mark.parametrize("what", ALLOWED)
def test_x2_changes_at_and_below_a_section_are_allowed(what: str) -> None:
    assert judged(HERO, *ALLOWED[what]) == ""


@pytest.mark.parametrize("what", REFUSED)
def test_x3_a_change_outside_a_section_is_refused(what: str) -> None:
    assert judged(HERO, *REFUSED[what]) == f"forbidden {len(REFUSED[what]) - 1}"


@pytest.mark.parametrize(
    ("section", "op"),
    [
        (
            "/sections/0",
            put("/sections/0", {"id": "other"}),
        ),  # an index is a place, no element
        ("/sections/0", put("/sections/0/id", "other")),
        ("/seo", put("/seo", {})),
        ("/seo", put("/seo", {}, "add")),  # an `add` over a member is a `replace`
        ("/seo", take("copy", "/title", "/seo")),
        ("/sections", put("/sections/0/id", "other")),
        ("/sections", remove("/sections/0")),
        ("", put("", {})),
        ("", put("/new", 1, "add")),
        ("", remove("/title")),
    ],
)
def test_x2_only_an_element_named_by_its_id_must_keep_it(section: str, op: dict[str, Any]) -> None:
    assert judged((section,), op) == ""


@pytest.mark.parametrize(
    ("section", "op"),
    [
        ("/seo", remove("/seo")),
        ("/seo", take("move", "/seo", "/sections/0/seo")),
        ("/new", put("/new", 1, "add")),  # the pointer leads nowhere
        ("/sections/0", put("/sections/0", {}, "add")),
        ("/sections/10", put("/sections/10", {}, "add")),
        ("/seo", put("/seo2", 1, "add")),
    ],
)
def test_x3_a_section_does_not_allow_to_add_or_remove_itself(
    section: str, op: dict[str, Any]
) -> None:
    assert judged((section,), op) == "forbidden 0"


def test_x4_the_wider_of_two_rights_counts() -> None:
    rename = put("/sections/0/id", "other")
    assert judged(("/sections/hero", "/sections/0"), rename) == ""
    assert judged(("/sections/hero", "/sections"), rename) == ""
    assert judged(("/sections/hero", "/sections/hero/id"), rename) == ""
    assert (
        judged(("/sections/hero", "/sections/hero/id"), remove("/sections/0/id")) == "forbidden 0"
    )
    assert judged(("/sections/hero", "/seo"), take("move", "/seo/title", "/sections/0/t")) == ""
    assert judged((), rename) == "forbidden 0"


def test_x5_one_look_up_is_enough_for_a_whole_patch() -> None:
    """A user may not rename an element and then use the rights of its new name."""
    both = ("/sections/0/cards", "/sections/0/cards/0")
    ops = [remove("/sections/0/cards/0"), put("/sections/0/cards/0/n")]
    assert judged(both, *ops) == ""
    steal = [put("/sections/0/id", "faq"), put("/sections/1/text")]
    assert judged(("/sections/0", "/sections/twin"), *steal) == "forbidden 1"


def test_x5_more_ops_than_a_patch_may_have_hide_no_id() -> None:
    ops = [put("/sections/0/text", str(number)) for number in range(1_001)]
    assert judged(HERO, *ops, put("/sections/0/id", "x")) == "forbidden 1001"


@pytest.mark.parametrize(
    "op", [{"op": "add"}, {"op": "add", "path": 7}, {"op": "move", "path": "/sections/0/x"}]
)
def test_x5_an_op_that_cannot_be_read_ends_the_check(op: dict[str, Any]) -> None:
    assert judged(HERO, op, put("/title")) == ""
