"""A state that is written again without what is deleted: it loads as what yrs itself leaves."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.yjs.joining import all_deleted
from collab.yjs.rewriting import Rewriter
from collab.yjs.update import inspect


@pytest.fixture
def doc() -> Any:
    """Several authors, who wrote over each other in all kinds of types."""
    one: Any = Doc(client_id=5)
    content: Any = Map()
    one["content"] = content
    content["held"] = Map({"a": Map({"x": 1}), "b": Text("hello"), "c": Array([1, Map(), "two"])})
    content["other"] = Map({"stays": Text("here")})
    other: Any = Doc(client_id=9)
    theirs: Any = Map()
    other["content"] = theirs
    other.apply_update(one.get_update())
    theirs["held"]["a"]["x"] = 2
    theirs["held"]["b"].insert(2, "--")
    theirs["held"]["d"] = Map({"deep": Map({"er": Text("deepest")})})
    theirs["other"]["stays"].insert(0, "still ")
    one.apply_update(other.get_update(one.get_state()))
    del content["held"]["c"][0]
    return one


def test_what_is_deleted_is_collected_with_what_lies_in_it(doc: Any) -> None:
    state, known = doc.get_update(), doc.get_state()
    del doc["content"]["held"]
    deleted = inspect(doc.get_update(doc.get_state())).deletes
    rewritten = Rewriter(deleted).rewrite(state)
    again: Any = Doc()
    again["content"] = Map()
    again.apply_update(rewritten)
    assert again.get_state() == known
    assert again["content"].to_py() == {"other": {"stays": "still here"}}
    # Nothing of it is left but its place.
    assert b"hello" not in rewritten
    assert b"deepest" not in rewritten
    assert inspect(again.get_update(known)).deletes == all_deleted((deleted,))
    assert len(again.get_update()) <= len(doc.get_update())
    again.apply_update(doc.get_update())
    assert again.get_update() == doc.get_update()


def test_a_state_of_which_nothing_more_is_deleted_stays_as_it_is(doc: Any) -> None:
    state = doc.get_update()
    deleted = inspect(doc.get_update(doc.get_state())).deletes
    assert Rewriter(deleted).rewrite(state) == state
