"""JSON Pointers (RFC 6901): valid and invalid ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.errors import Code, Rejected
from collab.patch.pointer import covers, exists, index_of, lookup, parse, render


def test_p1_the_examples_of_the_rfc_find_their_values() -> None:
    value = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "~1": 9}
    assert lookup(value, parse("")) is value
    assert lookup(value, parse("/foo/1")) == "baz"
    assert lookup(value, parse("/")) == 0
    assert lookup(value, parse("/a~1b")) == 1
    assert lookup(value, parse("/m~0n")) == 8
    assert lookup(value, parse("/~01")) == 9


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_p1_tokens_survive_render_and_parse(tokens: list[str]) -> None:
    assert parse(render(tuple(tokens))) == tuple(tokens)


@pytest.mark.parametrize("pointer", ["a", "a/b", "/~", "/~2", "/a~", "/\ud800", 3, None, [], "#/a"])
def test_p1_a_bad_pointer_is_an_invalid_patch(pointer: object) -> None:
    with pytest.raises(Rejected) as caught:
        parse(pointer)
    assert caught.value.refusal.code == Code.INVALID_PATCH


@pytest.mark.parametrize(
    "token", ["-", "01", "+1", "1e0", " 1", "1.0", "-1", "", "²", "١", "3", "9" * 30]
)
def test_p1_a_token_that_is_no_index_finds_nothing_in_a_list(token: str) -> None:
    with pytest.raises(Rejected) as caught:
        lookup({"list": [1, 2, 3]}, ("list", token))
    assert caught.value.refusal.code == Code.PATH_NOT_FOUND
    assert not exists([1, 2, 3], (token,))


def test_p1_a_scalar_has_no_children() -> None:
    assert not exists({"a": "text"}, ("a", "0"))
    assert not exists(None, ("a",))


def test_p1_the_length_of_a_pointer_is_bounded_in_bytes() -> None:
    assert parse("/é", max_bytes=3) == ("é",)
    for pointer in ("/éa", "/abc"):
        with pytest.raises(Rejected):
            parse(pointer, max_bytes=3)


def test_p1_a_location_covers_itself_and_all_below_it() -> None:
    assert covers((), ("a",))
    assert covers(("a",), ("a",))
    assert covers(("a",), ("a", "b"))
    assert not covers(("a", "b"), ("a",))
    assert not covers(("a",), ("ab",))


def test_p1_an_index_has_at_most_nine_digits() -> None:
    assert index_of("9" * 9) == 999_999_999
    assert index_of("9" * 10) is None
