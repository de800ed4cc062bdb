"""Tests of the names of lists, and of the places in them."""

from __future__ import annotations

from collab.yjs.lists import GONE, KEYED, TAKES_TEXT, UNKNOWN, StructPlace, is_item, list_id


def test_the_lists_of_two_types_and_of_two_keys_differ() -> None:
    lists = [list_id(*of) for of in (("a",), ("b",), ((1, 2),), ("a", "k"), ("a", "l"))]
    assert len(set(lists)) == len(lists)
    assert not any(where & (KEYED | TAKES_TEXT) for where in lists)


def test_an_item_is_in_a_list_without_text_or_in_the_root() -> None:
    assert is_item(StructPlace(list_id((1, 2)), 2), "content")
    assert is_item(StructPlace(list_id("content") | TAKES_TEXT, 1), "content")
    assert not is_item(StructPlace(list_id("other") | TAKES_TEXT, 1), "content")
    assert not is_item(StructPlace(list_id((1, 2), "k") | KEYED, 2), "content")
    assert not any(is_item(place, "content") for place in (GONE, UNKNOWN))
