"""Excerpts: what a conflict tells of long texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.entry import Op
from collab.errors import Rejected
from collab.patch.excerpt import MAX_TOLD, excerpts
from tests.collab.patch.test_rebase_work import stale

LONG = " ".join(f"word{number}" for number in range(2_000))
VALUES = st.one_of(st.none(), st.just({"a": 1}), st.text("ab ", max_size=900))


def test_r5_short_texts_are_told_whole() -> None:
    assert excerpts("Buy now", "Buy it", "Get now") == ("Buy now", "Buy it", "Get now")
    assert excerpts(None, {"a": 1}, 2) == (None, {"a": 1}, 2)


def test_r5_of_long_texts_is_told_where_they_differ() -> None:
    theirs, yours = LONG.replace("word7 ", "seven "), LONG.replace("word1500 ", "mine ")
    base, their, your = excerpts(LONG, theirs, yours)
    assert "word7 " in base
    assert "word1500 " in base
    assert "seven " in their
    assert "mine " in your
    assert "word900 " not in base + their + your
    assert base.count("…") >= 2


@given(VALUES, VALUES, VALUES)
def test_r5_no_text_of_a_conflict_is_long(base: Any, theirs: Any, yours: Any) -> None:
    for told, whole in zip(excerpts(base, theirs, yours), (base, theirs, yours), strict=True):
        if type(whole) is str:
            assert len(told) <= MAX_TOLD + 5
        else:
            assert told == whole


@pytest.mark.parametrize("size", [10_000, 100_000])
def test_r5_a_conflict_is_as_small_as_its_cause(size: int) -> None:
    text = "a b " * (size // 4)
    mine: list[Op] = [
        {"op": "splice", "path": "/t", "offset": size // 2 + n, "delete": 1, "insert": "y"}
        for n in range(6)
    ]
    for theirs in (f"x{text}", text.replace("a", "c")):
        rebased, _ = stale({"t": text}, [{"op": "replace", "path": "/t", "value": theirs}], mine)
        assert len(str(rebased.conflicts)) < 2_000
    assert len(str(rebased.ops)) < 500 or rebased.conflicts[0].resolution == "yours"
    with pytest.raises(Rejected) as caught:
        stale({"t": text}, [{"op": "remove", "path": "/t"}], mine)
    assert len(str(caught.value.refusal.extra)) < 2_000
