"""The messages of the patch lane (JSON over a WebSocket): a frozen Struct for each message.

docs/wire.md explains the messages and their fields.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from collab.entry import Author, Kind, Op
from collab.ids import MAX_POINTER, POINTER

# --- from the client ------------------------------------------------------------------------

# The length of an id is limited for two reasons: the log keeps the id, and each `reject` of a patch
# that depends on this request repeats it.
MAX_ID = 255
RequestId = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
# The pattern is for the API description only. The decoder does not check it: the room checks
# pointers, because its refusal is clearer.
Pointer = Annotated[
    str, Meta(extra_json_schema={"pattern": f"^{POINTER.pattern}$", "maxLength": MAX_POINTER})
]
# The name of an undo step: one undo takes back all patches with this name. Its length is limited,
# because the user's undo stack keeps the name.
StepName = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]


class Since(Struct, frozen=True):
    epoch: int
    version: int


class Incoming(Struct, frozen=True, tag_field="type"):
    """A message from a client. Unknown fields are ignored."""


class Open(Incoming, frozen=True, tag="open"):
    token: str | None = None
    client: str = ""
    since: Since | None = None
    create: dict[str, Any] | None = None
    max_fps: float | None = None
    accept: list[str] = []


class Patch(Incoming, frozen=True, tag="patch"):
    id: RequestId
    base: int
    ops: list[Op]
    strict: bool = False
    fence: int | None = None
    after: str | None = None  # the id of the pending patch that this one depends on; "" for none
    step: StepName | None = None


class Undo(Incoming, frozen=True, tag="undo"):
    id: RequestId
    scope: Pointer = ""
    version: int | None = None


class Redo(Incoming, frozen=True, tag="redo"):
    id: RequestId
    scope: Pointer = ""
    version: int | None = None


class SetPresence(Incoming, frozen=True, tag="presence"):
    state: dict[str, Any] | None
    base: int | None = None


LockAction = Literal["acquire", "renew", "release", "take_over", "keep"]


class LockRequest(Incoming, frozen=True, tag="lock"):
    id: RequestId
    action: LockAction
    scope: Pointer | None = None
    base: int | None = None
    lock_id: str | None = None
    ttl: float | None = None


class RenewToken(Incoming, frozen=True, tag="token"):
    token: str


class Ping(Incoming, frozen=True, tag="ping"):
    at: Any = None


ClientMessage = Open | Patch | Undo | Redo | SetPresence | LockRequest | RenewToken | Ping

# --- from the server ------------------------------------------------------------------------


class Outgoing(Struct, frozen=True, tag_field="type", omit_defaults=True):
    """A message from the server. The encoder leaves out a field that has its default value."""


class Peer(Struct, frozen=True):
    """A client in the document, as other clients see it."""

    session: str
    client_id: int
    user: str
    name: str
    client: str
    role: str
    state: dict[str, Any]


class Holder(Struct, frozen=True):
    user: str
    name: str = ""
    client: str = ""


class LockState(Struct, frozen=True, omit_defaults=True):
    """A lock as clients see it.

    When the lock has ended, `holder` is null, and `reason` states why it ended.
    """

    id: str
    scope: Pointer
    holder: Holder | None
    fence: int
    expires_at: str | UnsetType = UNSET
    claimed_by: Holder | UnsetType = UNSET
    yields_at: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Opened(Outgoing, frozen=True, tag="opened"):
    protocol: int
    server: str
    session: str
    client_id: int
    user: str
    name: str
    tenant: str
    role: str
    epoch: int
    version: int
    presence: list[Peer]
    locks: list[LockState]
    limits: dict[str, Any]
    accept: list[str]
    can_undo: bool
    can_redo: bool
    value: Any = UNSET
    changes: list[Any] | UnsetType = UNSET
    resync: bool = False


class Change(Outgoing, frozen=True, tag="change", rename={"from_": "from"}):
    """The change of one version. With `from`: one change for the versions `from` to `version`."""

    version: int
    by: Author
    at: str
    kind: Kind
    ops: list[Op]
    id: str | UnsetType = UNSET
    from_: int | UnsetType = UNSET
    acks: list[Any] | UnsetType = UNSET


class Conflict(Struct, frozen=True, kw_only=True):
    """A value that two users changed, so that one of the changes is lost.

    `resolution` names the change that the document has now. The server leaves out values that are
    too large to send.
    """

    path: str
    base: Any = UNSET
    theirs: Any = UNSET
    yours: Any = UNSET
    resolution: Literal["yours", "theirs"]


class Ack(Outgoing, frozen=True, tag="ack"):
    id: str
    version: int
    ops: list[Op] | UnsetType = UNSET
    conflicts: list[Any] | UnsetType = UNSET
    merged: list[str] | UnsetType = UNSET
    undone: list[Any] | UnsetType = UNSET
    skipped: list[str] | UnsetType = UNSET
    can_undo: bool | UnsetType = UNSET
    can_redo: bool | UnsetType = UNSET
    lock: LockState | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    duplicate: bool = False


class Reject(Outgoing, frozen=True, tag="reject"):
    """The refusal of a request. Each field after `version` is sent with certain codes only."""

    id: str
    code: str
    message: str
    retryable: bool | UnsetType
    version: int | UnsetType = UNSET
    after: str | UnsetType = UNSET
    base: int | UnsetType = UNSET
    changes: list[Any] | UnsetType = UNSET
    conflicts: list[Any] | UnsetType = UNSET
    removed_by: Author | UnsetType = UNSET
    op: int | UnsetType = UNSET
    path: str | UnsetType = UNSET
    lock: LockState | UnsetType = UNSET
    retry_after_ms: int | UnsetType = UNSET


class Error(Outgoing, frozen=True, tag="error"):
    code: str
    message: str
    retryable: bool | UnsetType
    retry_after_ms: int | UnsetType = UNSET


class PresenceChange(Outgoing, frozen=True, tag="presence"):
    joined: list[Peer] | UnsetType = UNSET
    updated: list[Peer] | UnsetType = UNSET
    left: list[str] | UnsetType = UNSET


class LockChange(Outgoing, frozen=True, tag="lock"):
    """The new state of a lock. The server broadcasts it to every patch client."""

    id: str
    scope: Pointer
    holder: Holder | None
    fence: int
    expires_at: str | UnsetType = UNSET
    claimed_by: Holder | UnsetType = UNSET
    yields_at: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Budget(Struct, frozen=True):
    bytes_per_second: int
    burst: int


class Behind(Struct, frozen=True):
    versions: int
    bytes: int


class Backpressure(Outgoing, frozen=True, tag="backpressure"):
    direction: Literal["in", "out"]
    state: Literal["on", "clear"]
    budget: Budget | UnsetType = UNSET
    behind: Behind | UnsetType = UNSET
    retry_after_ms: int | UnsetType = UNSET


class DisconnectNotice(Outgoing, frozen=True, tag="disconnect_notice"):
    code: int
    reason: str
    retry_after_ms: int | UnsetType = UNSET


NoticeCode = Literal[
    "token_expiring",
    "token_accepted",
    "degraded",
    "recovered",
    "read_only",
    "writable",
    "restarting",
    "another_tab",
]


class Notice(Outgoing, frozen=True, tag="notice"):
    code: NoticeCode
    in_seconds: int | UnsetType = UNSET


class Pong(Outgoing, frozen=True, tag="pong"):
    at: Any = UNSET


ServerMessage = (
    Opened
    | Change
    | Ack
    | Reject
    | Error
    | PresenceChange
    | LockChange
    | Backpressure
    | DisconnectNotice
    | Notice
    | Pong
)
