"""Rule W12: a patch client's cursor follows its element and its text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.entry import Author, Op
from collab.errors import Rejected
from collab.patch.apply import apply
from collab.patch.relocate import AppliedChange, moved_prefixes
from collab.presence.book import PresenceBook
from collab.presence.cursors import MOST_RELOCATIONS, relocate_cursor, relocate_cursor_since
from collab.presence.presence_entry import ClientIdentity

PAGE: dict[str, Any] = {
    "sections": [{"id": "a", "t": "one"}, {"id": "b", "t": "two words"}, {"id": "c", "t": "three"}],
    "title": "Home",
}


def change(*ops: Op) -> AppliedChange:
    return AppliedChange(2, Author("bo"), list(ops), PAGE)


def cursor(path: str, offset: int | None = 3) -> dict[str, Any]:
    at: dict[str, Any] = {"path": path}
    return {"cursor": at if offset is None else {**at, "offset": offset}, "color": "#f80"}


B = "/sections/1/t"


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ([{"op": "add", "path": "/sections/0", "value": {}}], cursor("/sections/2/t")),
        ([{"op": "remove", "path": "/sections/0"}], cursor("/sections/0/t")),
        ([{"op": "remove", "path": "/sections/1"}], {"color": "#f80"}),
        ([{"op": "move", "from": "/sections/1", "path": "/sections/2"}], cursor("/sections/2/t")),
        ([{"op": "replace", "path": B, "value": "the two words"}], cursor(B, 7)),
        ([{"op": "replace", "path": B, "value": "two words more"}], cursor(B)),
        ([{"op": "replace", "path": "/title", "value": "Start"}], cursor(B)),
    ],
)
def test_w12_a_cursor_follows_moves_inserts_removals_and_text(
    ops: list[Op], expected: dict[str, Any]
) -> None:
    assert relocate_cursor(cursor(B), change(*ops)) == expected


def test_w12_a_cursor_that_did_not_move_is_the_same_state() -> None:
    state = cursor(B)
    assert (
        relocate_cursor(state, change({"op": "replace", "path": "/title", "value": "x"})) is state
    )


@pytest.mark.parametrize(
    "state",
    [{}, {"cursor": None}, {"cursor": {"path": 7}}, {"cursor": {"path": "no pointer"}}, cursor("")],
)
def test_w12_a_cursor_in_another_format_stays_unchanged(state: dict[str, Any]) -> None:
    assert relocate_cursor(state, change({"op": "remove", "path": "/sections/0"})) == state


def test_w12_a_cursor_at_an_earlier_version_is_relocated() -> None:
    changes = [change({"op": "add", "path": "/sections/0", "value": {}})] * 2
    assert relocate_cursor_since(cursor(B), changes) == cursor("/sections/3/t")
    assert relocate_cursor_since(cursor(B), []) == cursor(B)


def test_w12_a_cursor_behind_too_many_changes_is_dropped() -> None:
    """200 cursors a second, each through a thousand changes, would delay all clients."""
    one = change({"op": "replace", "path": "/title", "value": "x"})
    assert relocate_cursor_since(cursor(B), [one] * MOST_RELOCATIONS) == cursor(B)
    assert relocate_cursor_since(cursor(B), [one] * (MOST_RELOCATIONS + 1)) == {"color": "#f80"}
    assert relocate_cursor_since(cursor(B), None) == {"color": "#f80"}
    assert relocate_cursor_since({"color": "#f80"}, None) == {"color": "#f80"}


def test_w12_only_moved_cursors_are_announced() -> None:
    book = PresenceBook()
    for number, path in enumerate(("/title", B), start=1):
        book.join(ClientIdentity(f"s{number}", "u", "U", "", "editor", "patch", number), 0.0)
        book.set_state(f"s{number}", cursor(path), 0.0)
    book.flush(0.0)
    book.relocate_cursors(change({"op": "remove", "path": "/sections/0"}))
    difference = book.flush(1.0)
    assert difference is not None
    assert difference.sessions == {"s2"}
    assert book.peers()[1].state == cursor("/sections/0/t")


POINTERS = st.sampled_from(
    ["/title", "/sections", *[f"/sections/{n}{end}" for n in range(3) for end in ("", "/t", "/id")]]
)


@given(
    st.sampled_from(["add", "remove", "replace", "move"]), POINTERS, POINTERS, POINTERS, st.text()
)
def test_w12_every_cursor_that_moves_is_found(
    kind: str, path: str, source: str, at: str, value: str
) -> None:
    op: Op = {"op": kind, "path": path}
    op |= {"from": source} if kind == "move" else {"value": value} if kind != "remove" else {}
    if kind == "move" and path.startswith(f"{source}/"):
        return
    try:
        ops = apply(PAGE, [op]).ops
    except Rejected:  # a refused patch moves no cursor
        return
    state = cursor(at)
    if relocate_cursor(state, change(*ops)) is not state:
        assert at.startswith(moved_prefixes(ops))
