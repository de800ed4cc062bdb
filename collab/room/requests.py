"""What may be asked of a room, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from collab.entry import Entry, Op
from collab.errors import Refusal
from collab.ids import Json
from collab.messages import LockAction, LockRequest


@dataclass(frozen=True, slots=True)
class Create:
    """Make the document with this value; where it exists already nothing happens to it.

    `only` refuses instead (`PUT` without `If-Match`).
    """

    value: dict[str, Any]
    id: str = ""
    only: bool = False


@dataclass(frozen=True, slots=True)
class PatchRequest:
    """Ops on `base` (and on the member's own patches after it that are not answered yet).

    `epoch` is that of `base`; None stands for the document's.
    """

    id: str
    base: int | None  # None: the head, whatever it is
    ops: list[Op]
    strict: bool = False
    fence: int | None = None
    after: str | None = None  # the member's own patch that it stands on, where the client says so
    step: str = ""  # the undo step that it belongs to, as its client calls it
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Replace:
    """The whole value, as the minimal change from `base`, which must be the head.

    `epoch` is that of `base`; None stands for the document's.
    `compared` is a version and the ops that lead from it to the value, where they were found
    before.
    """

    value: dict[str, Any]
    base: int | None
    id: str = ""
    fence: int | None = None
    compared: tuple[int, list[Op]] | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Restore:
    """What stood under `pointer` at `version` comes back; `value` is that version's, whole.

    `missing` says why there is no value. An id that was accepted gets its first answer even then.
    """

    version: int
    value: Json
    pointer: str = ""
    id: str = ""
    missing: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """A Yjs update that the guard has not seen yet.

    `is_whole` where it is a step 2: all that the client has and our state vector has not.
    """

    update: bytes
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Revert:
    """Undo or redo of the member's newest step under `scope`, or of the one with this version."""

    id: str
    scope: str = ""
    redo: bool = False
    version: int | None = None


@dataclass(frozen=True, slots=True)
class LockAct:
    """What is asked of an edit lock; `scope` stands on `base`, `lock_id` may stand for both.

    With its `secret` a lock is released by whoever knows it.
    """

    id: str
    action: LockAction
    scope: str | None = None
    base: int | None = None
    lock_id: str | None = None
    ttl: float | None = None
    secret: str | None = None

    @classmethod
    def of(cls, asked: LockRequest) -> LockAct:
        """As a patch client says it."""
        return cls(asked.id, asked.action, asked.scope, asked.base, asked.lock_id, asked.ttl)


@dataclass(frozen=True, slots=True)
class Barrier:
    """The client has seen every reject up to the one numbered `nonce`."""

    nonce: int


@dataclass(frozen=True, slots=True)
class ReadState:
    """What a Yjs client with this state vector has not got."""

    state_vector: bytes


@dataclass(frozen=True, slots=True)
class ReadVector:
    """What the server has, as a Yjs state vector: a client answers with what it has not got."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """A request that was refused before it came here; answered in its turn.

    What was sent after a refused patch stands on it, so the refusal must not overtake the
    requests before it.
    """

    id: str
    refusal: Refusal
    is_patch: bool = False


# What is remembered by its id.
Asked = Create | PatchRequest | Replace | Restore | Revert

Request = Asked | Refuse | Update | LockAct | Barrier | ReadState | ReadVector


@dataclass(slots=True)
class Answer:
    """What became of a request: an entry, a refusal, or neither where nothing changed.

    `version` is where the document stands after it. `ack` is what an ack says beside that.
    It leaves the process only after the commit that it stands on. `barrier` numbers a refused
    patch, so that it can be told when its client has read of it. `rest` is what is left of an
    update that took long: its author's next requests.
    """

    version: int
    entry: Entry | None = None
    refusal: Refusal | None = None
    ack: dict[str, Any] = field(default_factory=dict)
    state: bytes = b""
    barrier: int = 0
    rest: Sequence[bytes] = ()
