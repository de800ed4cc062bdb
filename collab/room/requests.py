"""What may be asked of a room, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from collab import messages
from collab.entry import Entry, Op
from collab.errors import Refusal
from collab.ids import Json
from collab.messages import LockAction


@dataclass(frozen=True, slots=True)
class Create:
    """Make the document with this value; an existing document is left as it is.

    `only` refuses instead (`PUT` without `If-Match`).
    """

    value: dict[str, Any]
    id: str = ""
    only: bool = False


@dataclass(frozen=True, slots=True)
class PatchRequest:
    """Ops on `base`, after the member's own patches since then that have no answer yet.

    `epoch` is that of `base`; None stands for the document's.
    """

    id: str
    base: int | None  # None: the head, whatever it is
    ops: list[Op]
    strict: bool = False
    fence: int | None = None
    after: str | None = None  # the member's own patch that it depends on, if the client names it
    step: str = ""  # the undo step that it belongs to, as its client calls it
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Replace:
    """The whole value, as the minimal change from `base`, which must be the head.

    `epoch` is that of `base`; None stands for the document's.
    `compared` is a version and the ops that lead from it to the value, when they are known.
    """

    value: dict[str, Any]
    base: int | None
    id: str = ""
    fence: int | None = None
    compared: tuple[int, list[Op]] | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class RestoreVersion:
    """Restore the value at `pointer` in `version`; `value` is that version's, whole.

    `missing` says why there is no value. An id that was accepted gets its first answer anyway.
    """

    version: int
    value: Json
    pointer: str = ""
    id: str = ""
    missing: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """A Yjs update that the guard has not seen yet.

    `is_whole` marks a step 2: everything that the client has and our state vector lacks.
    """

    update: bytes
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """Undo or redo of the member's newest step under `scope`, or of the one with this version."""

    id: str
    scope: str = ""
    redo: bool = False
    version: int | None = None


@dataclass(frozen=True, slots=True)
class LockRequest:
    """An action on an edit lock, named by its `scope` in version `base`, or by its `lock_id`.

    With the lock's `secret` no other right is needed to release it.
    """

    id: str
    action: LockAction
    scope: str | None = None
    base: int | None = None
    lock_id: str | None = None
    ttl: float | None = None
    secret: str | None = None

    @classmethod
    def of(cls, asked: messages.LockRequest) -> LockRequest:
        """As a patch client says it."""
        return cls(asked.id, asked.action, asked.scope, asked.base, asked.lock_id, asked.ttl)


@dataclass(frozen=True, slots=True)
class Barrier:
    """The client has seen every reject up to the one numbered `nonce`."""

    nonce: int


@dataclass(frozen=True, slots=True)
class ReadState:
    """Read what a Yjs client with this state vector lacks."""

    state_vector: bytes


@dataclass(frozen=True, slots=True)
class ReadStateVector:
    """Read the server's Yjs state vector: a client answers with what the server lacks."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal that waits in the queue, so that it is answered after the requests before it.

    Patches that were sent after a refused patch depend on it.
    """

    id: str
    refusal: Refusal
    is_patch: bool = False


# Requests whose id is remembered.
RequestWithId = Create | PatchRequest | Replace | RestoreVersion | UndoRequest

Request = RequestWithId | Refused | Update | LockRequest | Barrier | ReadState | ReadStateVector


@dataclass(slots=True)
class Answer:
    """The result of a request: an entry, a refusal, or neither when nothing changed.

    `version` is the document's after it. `ack` has the other members of the ack. An answer
    leaves the process only after the commit that it depends on. `barrier` numbers a refused
    patch, to show later that its client has read the reject. `rest` is what is left of an
    update that took long: its author's next requests.
    """

    version: int
    entry: Entry | None = None
    refusal: Refusal | None = None
    ack: dict[str, Any] = field(default_factory=dict)
    state: bytes = b""
    barrier: int = 0
    rest: Sequence[bytes] = ()
