"""What the state machine asks of its caller, and the results of changes and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from weft.core.patch import Json

ChangeState: TypeAlias = Literal[
    "pending",
    "sending",
    "retrying",
    "durable",
    "merged",
    "overwritten",
    "undone",
    "refused",
    "failed",
]
Kind: TypeAlias = str  # `edit`, `undo`, `redo`, `open`, or the `kind` of a change of the server
Author: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Info:
    """Why the value has changed: by this client or another, by what, and by whom."""

    mine: bool
    kind: Kind
    by: Author | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The end of an accepted change.

    `merged` are pointers of texts that contain both edits. `conflicts` are the values that the
    change overwrote.
    """

    version: int
    merged: list[str] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Undone:
    """The end of an undo or a redo.

    `undone` has the steps that were taken back, with their pointers. `skipped` has the pointers of
    values that stayed, because other users changed them later.
    """

    undone: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a change or a request was not accepted. `message` is a sentence for people."""

    code: str
    message: str
    path: str | None = None
    by: Author | None = None
    lock: dict[str, Any] | None = None
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    version: int | None = None

    @classmethod
    def of(cls, reject: dict[str, Any]) -> Reason:
        """Return the reason in a `reject` of the server."""
        lock = reject.get("lock")
        return cls(
            reject["code"],
            reject["message"],
            reject.get("path"),
            reject.get("removed_by") or (lock or {}).get("holder"),
            lock,
            reject.get("conflicts", []),
            reject.get("version"),
        )


# --- effects ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit became a part of the entry `id`."""

    id: str


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message."""

    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """An entry has another state, but has not ended."""

    id: str
    state: ChangeState


@dataclass(frozen=True, slots=True)
class Ended:
    """An entry has ended. Without a `reason` it was accepted. `yours` and `theirs` are values."""

    id: str
    state: ChangeState
    result: Result | None = None
    reason: Reason | None = None
    path: str | None = None
    yours: Json = None
    theirs: Json = None


@dataclass(frozen=True, slots=True)
class Asked:
    """An undo or a redo has ended."""

    id: str
    result: Undone | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Send the event `retry` later: after `ms`, or after a delay that grows with `tries`."""

    tries: int
    ms: int | None


@dataclass(frozen=True, slots=True)
class Reload:
    """A message does not fit: connect again, and load the whole value."""

    reason: str


@dataclass(frozen=True, slots=True)
class Show:
    """The shown value has changed."""

    value: Json
    before: Json
    info: Info


Effect: TypeAlias = Edited | Send | Moved | Ended | Asked | Wait | Reload | Show
