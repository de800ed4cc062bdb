"""The states and events follow the tables of docs/architecture.md, also under random events."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from server.documents.room_state import (
    IDLE,
    NEXT,
    READ_ONLY,
    READY,
    UNANSWERED,
    Event,
    LiveState,
)

PAGE = Path(__file__).parents[3] / "docs" / "architecture.md"
SECTION = PAGE.read_text().partition("## The states of an open document")[2].partition("\n## ")[0]
Table = dict[tuple[LiveState, Event], LiveState]


def rows() -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in SECTION.splitlines()
        if line.startswith("|")
    ]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def table() -> Table:
    """Return the transitions of the page."""
    found, event = Table(), ""
    for cells in (cells for cells in rows() if len(cells) == 4 and named(cells[3] + cells[2])):
        event = next(iter(named(cells[0])), event)
        every = [*LiveState] if cells[2] == "every state" else map(LiveState, named(cells[2]))
        for state in every:
            to = state if cells[3] == "the same" else LiveState(*named(cells[3]))
            found[state, Event(event)] = to
    ignored = SECTION.rpartition("Events of tasks")[2]
    return found | {(LiveState.CLOSED, Event(one)): LiveState.CLOSED for one in named(ignored)}


TABLE = table()


@pytest.mark.parametrize("event", Event)
def test_every_event_leads_to_the_state_in_the_table(event: Event) -> None:
    for state in LiveState:
        if (state, event) in TABLE:
            assert NEXT[event][state] is TABLE[state, event]
        else:
            assert state not in NEXT[event]


def test_every_state_is_described_and_reached() -> None:
    described = {name for cells in rows() if len(cells) == 2 for name in named(cells[0])}
    assert described == {*LiveState} == {*TABLE.values()}


def test_no_event_leaves_the_closed_state() -> None:
    ends = {to for (state, _), to in TABLE.items() if state is LiveState.CLOSED}
    assert ends == {LiveState.CLOSED}


def test_every_state_has_a_way_back_to_open_but_the_closed_one() -> None:
    back = {LiveState.OPEN}
    while more := {state for (state, _), to in TABLE.items() if to in back} - back:
        back |= more
    assert back == {*LiveState} - {LiveState.CLOSED}


def test_only_an_idle_document_is_unloaded_and_only_a_ready_one_begins_a_batch() -> None:
    assert not IDLE & UNANSWERED
    assert not READY & READ_ONLY
    writes = {state for (state, event) in TABLE if event is Event.WRITE}
    assert writes == READY


class User:
    """What uses the room: the task or commit that began last, by the events alone."""

    BEGINS = (Event.WORK, Event.WRITE, Event.LOCK, Event.FETCH, Event.RECOVER)
    ENDS = (
        Event.WORKED,
        Event.APPLIED,
        Event.COMMITTED,
        Event.DECIDED,
        Event.FETCHED,
        Event.RELOADED,
        Event.FAILED,
    )

    def __init__(self) -> None:
        self.is_used = False

    def note(self, event: Event, after: LiveState) -> None:
        if event is Event.REOPEN:
            self.is_used = after is LiveState.RELOADING
        elif event in self.BEGINS:
            self.is_used = True
        elif event in self.ENDS:
            self.is_used = False


@pytest.mark.parametrize("seed", range(20))
def test_at_random_no_second_task_begins_to_use_the_room(seed: int) -> None:
    choose, state, user = random.Random(seed), LiveState.OPEN, User()
    for _ in range(500):
        allowed = [event for event in Event if (state, event) in TABLE and event is not Event.END]
        event = choose.choice(allowed)
        if event in User.BEGINS:
            assert not user.is_used, (state, event)
        after = NEXT[event][state]
        user.note(event, after)
        assert (after in IDLE or after is LiveState.APPLIED) is not user.is_used
        state = after
