"""The states of an open document, and what leads from one to another.

| state     | event   | next      | what has happened                                             |
|-----------|---------|-----------|---------------------------------------------------------------|
| open      | ask     | locking   | what is asked of an edit lock, or is due, is being decided    |
| locking   | decide  | open      | it is decided, and the document stands where it stood         |
| open      | work    | working   | a request that may take long is being applied in a thread     |
| working   | worked  | open      | it is applied, and waits to be committed                      |
| open      | hold    | held      | another transaction holds the document's row in the database  |
| held      | free    | open      | the row was free, and it is known what became of the batch    |
| open      | fetch   | fetching  | older history, or the document again, is read from the log    |
| locking   | fetch   | fetching  | another writer has moved the document meanwhile               |
| fetching  | fetched | open      | it is there                                                   |
| open      | trouble | read-only | the storage does not answer, or its outcome is unknown        |
| locking   | trouble | read-only | the same                                                      |
| fetching  | trouble | read-only | the same                                                      |
| held      | trouble | read-only | the same, or the row was held for too long                    |
| read-only | recover | open      | the storage is well, and the document stands where it says    |
| any       | end     | closed    | deleted, damaged, unloaded, or our own failure: for good      |

Whatever else happens in a state changes nothing: a commit that comes back to a document that has
ended, or was stopped meanwhile, does not open it.
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
    """Where an event leads; None where it changes nothing."""
    return _NEXT.get((state, event))
