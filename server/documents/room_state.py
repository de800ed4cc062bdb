"""The states of an open document, and the events between them.

This table is the only state of a live room. Other members of a live room hold data: the batch, the
waiting requests, and the futures of callers that wait for a reload. `docs/architecture.md` shows
the table with the meaning of each event.

Invariant: at most one task uses the room at a time. The states from `committing` to `reloading`,
and `recovering`, name that task. In the state `stopping`, the task began before the document became
read-only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class LiveState(StrEnum):
    OPEN = "open"
    APPLIED = "applied"
    COMMITTING = "committing"
    HELD = "held"
    WORKING = "working"
    LOCKING = "locking"
    FETCHING = "fetching"
    RELOADING = "reloading"
    STOPPING = "stopping"
    READ_ONLY = "read-only"
    BROKEN = "broken"
    RECOVERING = "recovering"
    CLOSED = "closed"


class Event(StrEnum):
    WORK = "work"
    WORKED = "worked"
    APPLIED = "applied"
    WRITE = "write"
    COMMITTED = "committed"
    HOLD = "hold"
    LOCK = "lock"
    DECIDED = "decided"
    FETCH = "fetch"
    FETCHED = "fetched"
    REOPEN = "reopen"
    RELOADED = "reloaded"
    TROUBLE = "trouble"
    FAILED = "failed"
    RECOVER = "recover"
    WRITABLE = "writable"
    END = "end"


class IllegalTransition(RuntimeError):
    """An event that the state does not allow: a bug of the server."""

    def __init__(self, state: LiveState, event: Event) -> None:
        super().__init__(f"`{event}` is not allowed in the state `{state}`")


_S = LiveState
# In these states the document takes no edits until it has recovered.
READ_ONLY: Final = frozenset({_S.STOPPING, _S.READ_ONLY, _S.BROKEN, _S.RECOVERING})
# In these states the commit loop may apply the next requests.
READY: Final = frozenset({_S.OPEN, _S.APPLIED})
# In these states requests are applied and have no answer yet, or a task decides them.
UNANSWERED: Final = frozenset(
    {_S.APPLIED, _S.COMMITTING, _S.HELD, _S.WORKING, _S.LOCKING, _S.STOPPING}
)
# In these states no task uses the room, and its batch is empty.
IDLE: Final = frozenset({_S.OPEN, _S.READ_ONLY, _S.BROKEN})
# In these states a task or a commit uses the room. A read-only document waits for its end.
_STOPPABLE: Final = (_S.COMMITTING, _S.HELD, _S.LOCKING, _S.FETCHING, _S.RELOADING)
# These states already are what `trouble` leads to. A worker thread's request fails at its commit.
_TROUBLED: Final = (_S.WORKING, *READ_ONLY)

# The next state after an event. A state that an event does not list does not allow the event.
NEXT: Final[dict[Event, dict[LiveState, LiveState]]] = {
    Event.WORK: {_S.OPEN: _S.WORKING},
    Event.WORKED: {_S.WORKING: _S.OPEN, _S.CLOSED: _S.CLOSED},
    Event.APPLIED: {_S.WORKING: _S.APPLIED, _S.CLOSED: _S.CLOSED},
    Event.WRITE: {_S.OPEN: _S.COMMITTING, _S.APPLIED: _S.COMMITTING},
    Event.COMMITTED: {
        _S.COMMITTING: _S.OPEN,
        _S.HELD: _S.OPEN,
        _S.STOPPING: _S.READ_ONLY,
        _S.CLOSED: _S.CLOSED,
    },
    Event.HOLD: {_S.COMMITTING: _S.HELD},
    Event.LOCK: {_S.OPEN: _S.LOCKING},
    Event.DECIDED: {_S.LOCKING: _S.OPEN, _S.STOPPING: _S.READ_ONLY, _S.CLOSED: _S.CLOSED},
    Event.FETCH: {_S.OPEN: _S.FETCHING},
    Event.FETCHED: {_S.FETCHING: _S.OPEN, _S.STOPPING: _S.READ_ONLY, _S.CLOSED: _S.CLOSED},
    Event.REOPEN: {
        _S.OPEN: _S.RELOADING,
        _S.APPLIED: _S.RELOADING,
        _S.COMMITTING: _S.RELOADING,
        _S.HELD: _S.RELOADING,
        _S.WORKING: _S.RELOADING,
        _S.LOCKING: _S.RELOADING,
        _S.STOPPING: _S.BROKEN,
        _S.CLOSED: _S.CLOSED,
    },
    Event.RELOADED: {
        _S.RELOADING: _S.OPEN,
        _S.STOPPING: _S.READ_ONLY,
        _S.RECOVERING: _S.READ_ONLY,
        _S.CLOSED: _S.CLOSED,
    },
    Event.TROUBLE: {
        _S.OPEN: _S.READ_ONLY,
        _S.APPLIED: _S.BROKEN,
        **dict.fromkeys(_STOPPABLE, _S.STOPPING),
        **{state: state for state in _TROUBLED},
        _S.CLOSED: _S.CLOSED,
    },
    Event.FAILED: {
        _S.COMMITTING: _S.BROKEN,
        _S.HELD: _S.BROKEN,
        _S.LOCKING: _S.BROKEN,
        _S.FETCHING: _S.READ_ONLY,
        _S.RELOADING: _S.BROKEN,
        _S.STOPPING: _S.BROKEN,
        _S.RECOVERING: _S.BROKEN,
        _S.CLOSED: _S.CLOSED,
    },
    Event.RECOVER: {_S.BROKEN: _S.RECOVERING},
    Event.WRITABLE: {_S.READ_ONLY: _S.OPEN},
    Event.END: dict.fromkeys(LiveState, _S.CLOSED),
}
