"""Conformance: the public JSON Patch cases, and the jsonpatch library as an oracle."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonpatch
import jsonpointer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.errors import Rejected
from collab.patch.apply import apply, replay
from collab.patch.bounds import Bounds, json_size
from collab.patch.values import same
from tests.collab.patch.values import VALUES, ops

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "json-patch-tests"


def enabled() -> list[dict[str, Any]]:
    cases = [
        case
        for name in ("tests", "spec_tests")
        for case in json.loads((VECTORS / f"{name}.json").read_text())
    ]
    return [case for case in cases if "patch" in case and not case.get("disabled")]


@pytest.mark.skipif(not VECTORS.exists(), reason="../shared/vectors is not there")
def test_p2_each_public_case_gives_its_expected_result() -> None:
    cases = enabled()
    assert len(cases) == 108
    for case in cases:
        before = copy.deepcopy(case["doc"])
        size = json_size(case["doc"])
        if "error" in case:
            with pytest.raises(Rejected):
                apply(case["doc"], case["patch"], size=size, bounds=Bounds())
        else:
            done = apply(case["doc"], case["patch"], size=size, bounds=Bounds())
            assert same(done.value, case.get("expected", done.value)), case
            assert same(replay(done.value, done.inverse), before), case
            assert done.size == json_size(done.value), case
        assert same(case["doc"], before)


def oracle(value: Any, op: dict[str, Any]) -> tuple[bool, Any]:
    # A copy through JSON: the library writes in place, and our values share copied parts.
    value, op = json.loads(json.dumps([value, op]))
    try:
        return True, jsonpatch.apply_patch(value, [op])
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError):
        return False, None


def ours(value: Any, op: dict[str, Any]) -> tuple[bool, Any]:
    try:
        return True, apply(value, [op], size=json_size(value), bounds=Bounds()).value
    except Rejected:
        return False, None


def library_errs(value: Any, op: dict[str, Any]) -> bool:
    """Whether the library is known to break the RFC for such an op, so it is no oracle.

    - Its `test` treats true and 1 as equal.
    - It accepts `-` as an index of an existing element, also in a string.
    - It looks up children of a scalar.
    - A removal of the root, and a move into itself, have other results.
    """
    if op["op"] == "test":
        return True
    if any(token == "-" for key in ("path", "from") for token in op.get(key, "").split("/")):
        return True
    return op["path"] == "" or op.get("from") == ""


def compare(data: st.DataObject, value: Any) -> None:
    for _ in range(4):
        op = data.draw(ops(value))
        expected, actual = oracle(value, op), ours(value, op)
        if not library_errs(value, op):
            assert actual[0] == expected[0], (value, op, expected)
            assert same(actual[1], expected[1]), (value, op, expected)
        if actual[0]:
            value = actual[1]


@pytest.mark.thorough
@settings(max_examples=150, deadline=None)
@given(st.data(), VALUES)
def test_p2_the_jsonpatch_library_gives_the_same_result(data: st.DataObject, value: Any) -> None:
    compare(data, value)


@pytest.mark.long
@settings(max_examples=4_000, deadline=None)
@given(st.data(), VALUES)
def test_p2_the_jsonpatch_library_agrees_over_many_cases(data: st.DataObject, value: Any) -> None:
    compare(data, value)
