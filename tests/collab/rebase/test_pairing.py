"""Which steps of an entry come from which edit of its author."""

from __future__ import annotations

import pytest

from collab.patch.steps import Path, Step
from collab.rebase.edits import Edit
from collab.rebase.pairing import paired


def parts(edits: list[Edit], applied: list[Step]) -> list[range]:
    return [part for _, part in paired(edits, applied, lambda path: path)]


def test_equal_kinds_belong_together_in_order() -> None:
    edits = [Edit(Step("remove", ("a",), old=1)), Edit(Step("add", ("b",), value=2))]
    assert parts(edits, [edit.step for edit in edits]) == [range(1), range(1, 2)]


def test_a_move_is_found_behind_a_step_that_shifts_its_source() -> None:
    move = Edit(Step("move", ("k",), ("l", 1), "v"))
    applied = [Step("remove", ("l", 0), old="u"), Step("move", ("k",), ("l", 0), "v")]
    assert parts([move], applied) == [range(1, 2)]
    assert parts([move], applied[:1]) == [range(0)]


@pytest.mark.parametrize("path", [("k",), ("a", "k"), ("a", "b", "k")])
def test_a_write_to_a_key_is_found_by_its_key_and_its_value(path: Path) -> None:
    write = Edit(Step("replace", path, value=1, old=0), upsert=True)
    assert parts([write], [Step("add", ("x", "y", "k"), value=1)]) == [range(1)]
    assert parts([write], [Step("add", ("x", "y", "other"), value=1)]) == [range(0)]
    assert parts([write], [Step("add", ("x", "y", "k"), value=2)]) == [range(0)]
