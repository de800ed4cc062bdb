"""Which records of an invisible change steps need: in time that grows with the records only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collab.document import undo_state
from collab.document.snapshot_format import Steps
from collab.document.steps import UNDO_BOUNDS
from collab.document.undo_state import UndoState
from collab.types.records import Absent, MovedRecord, Record, SetRecord, fingerprint
from tests.line_count import lines_run


def moved(key: str) -> MovedRecord:
    return MovedRecord(("list",), key, "a", "b")


def written(*path: str) -> SetRecord:
    return SetRecord(path[:-1], path[-1], Absent(), fingerprint(2))


def state_with(monkeypatch: pytest.MonkeyPatch, *records: Record) -> UndoState:
    def named(_: UndoState) -> Iterator[tuple[str, Record]]:
        return (("ada", record) for record in records)

    monkeypatch.setattr(UndoState, "_named", named)
    return UndoState(Steps(), UNDO_BOUNDS)


def test_a_record_is_needed_when_a_step_is_at_its_place_or_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = state_with(monkeypatch, written("a", "b", "c"), moved("one"))
    at, above, below = written("a", "b", "c"), written("a", "b"), written("a", "b", "c", "d")
    others = written("b"), moved("two"), below
    assert state.needed_records([at, above, *others, moved("one")]) == [at, above, moved("one")]
    assert state.needed_records([]) == []


def test_the_work_grows_with_the_records_and_not_with_their_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lines(count: int) -> int:
        records = [moved(f"k{number}") for number in range(count)]
        state = state_with(monkeypatch, *(moved(f"s{number}") for number in range(count)))
        return lines_run(lambda: state.needed_records(records), undo_state)

    assert lines(1_600) < 9 * lines(200)
