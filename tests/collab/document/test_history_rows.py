"""Rows of the version history."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from collab.document.history_rows import version_rows
from collab.entry import Author, Entry, Op, Summary, pointers_of


def entry(version: int, user: str, at: int, *paths: str, **fields: Any) -> Summary:
    ops: list[Op] = [{"op": "replace", "path": path, "value": version} for path in paths or ("/a",)]
    kind = fields.get("kind", "edit")
    return Summary.of(Entry(version, Author(user), at, kind, ops, b""))


def spans(found: list[Any]) -> list[tuple[int, int]]:
    return [(row.from_ if row.from_ else row.version, row.version) for row in found]


def test_one_users_edits_without_a_pause_are_one_row() -> None:
    entries = [entry(n, "ada", n * 1000) for n in range(1, 6)]
    [row] = version_rows(entries, {}, gap_ms=60_000)
    assert (row.from_, row.version, row.by.user) == (1, 5, "ada")
    assert (row.since, row.at) == ("1970-01-01T00:00:01.000Z", "1970-01-01T00:00:05.000Z")


def test_a_pause_or_another_user_or_kind_begins_a_row() -> None:
    entries = [
        entry(1, "ada", 0, kind="create"),
        entry(2, "ada", 10),
        entry(3, "bo", 20),
        entry(4, "bo", 99_000),
        entry(5, "bo", 99_010, kind="undo"),
    ]
    rows = version_rows(entries, {}, gap_ms=60_000)
    assert spans(rows) == [(5, 5), (4, 4), (3, 3), (2, 2), (1, 1)]


def test_named_and_published_versions_end_their_row() -> None:
    entries = [entry(n, "ada", n) for n in range(1, 7)]
    found = version_rows(entries, {2: "launch"}, gap_ms=60_000, published=4)
    assert spans(found) == [(5, 6), (3, 4), (1, 2)]
    assert [row.name for row in found] == [UNSET, UNSET, "launch"]
    assert [row.version for row in found if row.published] == [4]


def test_without_a_gap_every_version_is_a_row() -> None:
    entries = [entry(n, "ada", n) for n in range(1, 4)]
    assert spans(version_rows(entries, {}, gap_ms=0)) == [(3, 3), (2, 2), (1, 1)]


def test_pointers_name_each_place_once_without_places_below_it() -> None:
    entries = [entry(1, "ada", 0, "/a/b", "/c"), entry(2, "ada", 1, "/c", "/a")]
    [row] = version_rows(entries, {}, gap_ms=60_000)
    assert row.pointers == ["/c", "/a"]
    assert pointers_of(["/a/b/c", "/ab", "/a/b"]) == ["/ab", "/a/b"]
    assert pointers_of(["/a", "", "/b"]) == [""]


def test_pointers_of_50_000_places_are_found_fast() -> None:
    """A comparison of every two places would take minutes for one page of history."""
    paths = [f"/items/{number}" for number in range(50_000)]
    assert pointers_of([*paths, "/items/7/title", "/other"]) == [*paths[-19:], "/other"]
