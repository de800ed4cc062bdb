"""The states of an open document, and the events between them.

| state     | event   | next      | the event means                                               |
|-----------|---------|-----------|---------------------------------------------------------------|
| open      | ask     | locking   | a task begins to decide lock requests, or to end due locks    |
| locking   | decide  | open      | the task has ended, and no other writer changed the document  |
| open      | work    | working   | a worker thread applies a request that may take long          |
| working   | worked  | open      | the request is applied, and waits for its commit              |
| open      | hold    | held      | a commit found that another transaction locks the row         |
| held      | free    | open      | the row is free, and the outcome of the batch is known        |
| open      | fetch   | fetching  | a task reads older entries, or the whole document             |
| locking   | fetch   | fetching  | another writer changed the document meanwhile                 |
| fetching  | fetched | open      | the task has the data                                         |
| open      | trouble | read-only | the storage does not answer, or a commit's outcome is unknown |
| locking   | trouble | read-only | the same                                                      |
| fetching  | trouble | read-only | the same                                                      |
| held      | trouble | read-only | the same, or the row was locked for too long                  |
| read-only | recover | open      | the storage works, and the room is at the storage's version   |
| any       | end     | closed    | deleted, damaged, unloaded, or a server bug: final            |

`row` is the document's row in the database. All other events change nothing. For example, when a
document ends during its commit, the outcome of the commit does not open the document again.
"""

from __future__ import annotations

from enum import Enum


class LiveState(Enum):
    OPEN = "open"
    LOCKING = "locking"
    WORKING = "working"
    HELD = "held"
    FETCHING = "fetching"
    READ_ONLY = "read-only"
    CLOSED = "closed"


class Event(Enum):
    ASK = "ask"
    DECIDE = "decide"
    WORK = "work"
    WORKED = "worked"
    HOLD = "hold"
    FREE = "free"
    FETCH = "fetch"
    FETCHED = "fetched"
    TROUBLE = "trouble"
    RECOVER = "recover"
    END = "end"


_NEXT: dict[tuple[LiveState, Event], LiveState] = {
    (LiveState.OPEN, Event.ASK): LiveState.LOCKING,
    (LiveState.LOCKING, Event.DECIDE): LiveState.OPEN,
    (LiveState.OPEN, Event.WORK): LiveState.WORKING,
    (LiveState.WORKING, Event.WORKED): LiveState.OPEN,
    (LiveState.OPEN, Event.HOLD): LiveState.HELD,
    (LiveState.HELD, Event.FREE): LiveState.OPEN,
    (LiveState.OPEN, Event.FETCH): LiveState.FETCHING,
    (LiveState.LOCKING, Event.FETCH): LiveState.FETCHING,
    (LiveState.FETCHING, Event.FETCHED): LiveState.OPEN,
    (LiveState.OPEN, Event.TROUBLE): LiveState.READ_ONLY,
    (LiveState.LOCKING, Event.TROUBLE): LiveState.READ_ONLY,
    (LiveState.FETCHING, Event.TROUBLE): LiveState.READ_ONLY,
    (LiveState.HELD, Event.TROUBLE): LiveState.READ_ONLY,
    (LiveState.READ_ONLY, Event.RECOVER): LiveState.OPEN,
    **{(state, Event.END): LiveState.CLOSED for state in LiveState},
}


def next_state(state: LiveState, event: Event) -> LiveState | None:
    """Return the next state; None when the event changes nothing."""
    return _NEXT.get((state, event))
