"""The requests that a room takes, and its answer to a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from collab import messages
from collab.entry import Entry, Op
from collab.errors import Refusal
from collab.ids import Json
from collab.messages import LockAction


class Round(Struct, frozen=True, gc=False):
    """One round of the commit loop: its times, and the id of its commit.

    `now` is Unix time in milliseconds. `database_now` is the time of the database's clock, by which
    locks expire.
    """

    now: int
    database_now: int = 0
    commit_id: str = ""


class Create(Struct, frozen=True):
    """Create the document with this value. An existing document stays as it is.

    With `only` (`PUT` without `If-Match`), the room refuses the request when the document exists.
    """

    value: dict[str, Any]
    id: str = ""
    only: bool = False


class PatchRequest(Struct, frozen=True):
    """Ops for the value at `base` with the member's own unanswered patches applied.

    `epoch` is the epoch of `base`; None means the document's current epoch.
    """

    id: str
    base: int | None  # None: the head
    ops: list[Op]
    strict: bool = False
    fence: int | None = None
    after: str | None = None  # the id of the member's own patch that this patch depends on
    step: str = ""  # the client's name for the undo step that this patch belongs to
    epoch: int | None = None


class Replace(Struct, frozen=True):
    """Replace the whole value by a minimal change. `base` must be the head.

    `epoch` is the epoch of `base`; None means the document's current epoch.
    `compared` is a version, and the ops that turn its value into `value`; None when not computed.
    """

    value: dict[str, Any]
    base: int | None
    id: str = ""
    fence: int | None = None
    compared: tuple[int, list[Op]] | None = None
    epoch: int | None = None


class RestoreVersion(Struct, frozen=True):
    """Restore the value at `pointer` in `version`. `value` is the whole value of that version.

    `missing` is the refusal when that version cannot be read. A retry of an accepted id gets its
    first answer even then.
    """

    version: int
    value: Json
    pointer: str = ""
    id: str = ""
    missing: Refusal | None = None


class Update(Struct, frozen=True):
    """A Yjs update that the guard has not checked yet.

    `is_whole` marks a sync step 2: everything that the client has and the server lacks. An update
    that is `alone` is not joined with others (`may_join` in `collab/room/yjs_rules.py`). One with
    `is_joined` was made of several updates.
    """

    update: bytes
    is_whole: bool = False
    alone: bool = False
    is_joined: bool = False


class UndoRequest(Struct, frozen=True):
    """Undo or redo the member's newest step under `scope`, or the step with this version."""

    id: str
    scope: str = ""
    redo: bool = False
    version: int | None = None


class LockRequest(Struct, frozen=True):
    """An action on an edit lock. `lock_id` names it; without `lock_id`, `scope` at `base` does.

    A client with the lock's `secret` needs no other right to release it.
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
        """Return the request of a patch client's message."""
        return cls(asked.id, asked.action, asked.scope, asked.base, asked.lock_id, asked.ttl)


class Renew(Struct, frozen=True):
    """Renew the document when it has more than `limit` needless blocks (`collab/room/renewal.py`).

    The server asks for this itself.
    """

    limit: int


class Barrier(Struct, frozen=True):
    """The client's pong to the barrier `nonce`, the ping that the server sends with a reject."""

    nonce: int


class ReadState(Struct, frozen=True):
    """Read the Yjs state that a client with this state vector lacks."""

    state_vector: bytes


class ReadStateVector(Struct, frozen=True):
    """Read the server's Yjs state vector. The client then sends structs that the server lacks."""


class Refused(Struct, frozen=True):
    """A refusal that waits in the queue, so that answers keep the order of the requests.

    The client's patches after a refused patch depend on that patch.
    """

    id: str
    refusal: Refusal
    is_patch: bool = False


# The room remembers the ids of these requests, so that retries are idempotent.
RequestWithId = Create | PatchRequest | Replace | RestoreVersion | UndoRequest

Request = (
    RequestWithId | Refused | Update | LockRequest | Barrier | ReadState | ReadStateVector | Renew
)


class Answer(Struct):
    """The result of a request: an entry, a refusal, or neither when nothing changed.

    Invariant: an answer leaves the process only after the commit that it depends on.

    - `version`: the document's version after the request.
    - `ack`: the other members of the ack.
    - `state`: the bytes that a Yjs client asked for; it gets the updates in `earlier` first.
    - `state_vector`: the document's state vector with which `state` was read.
    - `barrier`: the number of a rejected patch. The server sends it in a ping with the reject.
      Patches without `after` that arrive before the pong depend on the rejected patch.
    - `rest`: the unapplied pieces of a long update. They become the author's next requests.
    """

    version: int
    entry: Entry | None = None
    refusal: Refusal | None = None
    ack: dict[str, Any] = {}
    state: bytes = b""
    earlier: Sequence[bytes] = ()
    state_vector: bytes = b""
    barrier: int = 0
    rest: Sequence[bytes] = ()
