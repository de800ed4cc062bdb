"""The states and events follow the table in the module's docstring."""

from __future__ import annotations

import pytest

from server.documents import room_state
from server.documents.room_state import Event, LiveState, next_state


def table() -> dict[tuple[LiveState, Event], LiveState]:
    """Return the rows of the docstring's table."""
    rows: dict[tuple[LiveState, Event], LiveState] = {}
    for line in (room_state.__doc__ or "").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[1] in {one.value for one in Event}:
            every = list(LiveState) if cells[0] == "any" else [LiveState(cells[0])]
            rows |= {(state, Event(cells[1])): LiveState(cells[2]) for state in every}
    return rows


@pytest.mark.parametrize("state", LiveState)
@pytest.mark.parametrize("event", Event)
def test_every_event_leads_to_the_state_in_the_table(state: LiveState, event: Event) -> None:
    assert next_state(state, event) is table().get((state, event))


def test_no_event_leaves_the_closed_state() -> None:
    ends = {next_state(LiveState.CLOSED, event) for event in Event}
    assert ends == {None, LiveState.CLOSED}
