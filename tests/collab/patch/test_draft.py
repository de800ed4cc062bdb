"""A draft: places that are not there are refused with their path, and shared parts are copied."""

from __future__ import annotations

from typing import Any

import pytest

from collab.errors import Code, Rejected
from collab.patch.apply import apply
from collab.patch.draft import key_of
from collab.patch.splices import as_splices


def refused(value: Any, op: dict[str, Any]) -> tuple[Code, Any]:
    with pytest.raises(Rejected) as raised:
        apply(value, [op])
    refusal = raised.value.refusal
    return refusal.code, refusal.extra.get("path")


@pytest.mark.parametrize("token", ["2", "-", "x", "01", "-1", ""])
def test_a_key_of_a_list_is_an_index_of_an_existing_element(token: str) -> None:
    assert key_of(["a", "b"], "1") == 1
    with pytest.raises(Rejected) as raised:
        key_of(["a", "b"], token)
    assert raised.value.refusal.code is Code.PATH_NOT_FOUND


def test_a_key_of_an_object_is_any_string() -> None:
    assert key_of({"a": 1}, "7") == "7"


@pytest.mark.parametrize("path", ["/a/b/c/d", "/list/0/x", "/list/9/x"])
def test_a_place_below_a_scalar_or_beyond_a_list_is_not_there(path: str) -> None:
    value = {"a": {"b": {"c": 1}}, "list": ["text"]}
    code, _ = refused(value, {"op": "add", "path": path, "value": 1})
    assert code is Code.PATH_NOT_FOUND
    assert value == {"a": {"b": {"c": 1}}, "list": ["text"]}


def test_a_refusal_names_the_place_that_is_not_there() -> None:
    with pytest.raises(Rejected) as raised:
        apply({"a": {"b": 1}}, [{"op": "add", "path": "/a/b/c", "value": 1}])
    assert "/a/b" in str(raised.value.refusal)


def test_a_text_that_stays_the_same_is_no_splice() -> None:
    text = "x" * 5_000
    same = [{"op": "replace", "path": "/t", "value": text}]
    assert as_splices({"t": text}, same) == same
    [splice] = as_splices({"t": text}, [{"op": "replace", "path": "/t", "value": text + "y"}])
    assert splice["op"] == "splice"
