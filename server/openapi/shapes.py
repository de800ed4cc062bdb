"""The bodies that only HTTP has. Bodies shared with the patch lane are in `collab.messages`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from collab.document.history_rows import VersionRow
from collab.entry import Author, Op
from collab.errors import Code
from collab.messages import Change, Conflict, LockState, Peer, Pointer
from collab.page.checks import Finding

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


# In a refused `publish`: the version that is public now.
class Meanwhile(Struct, frozen=True):
    version: int
    by: dict[str, str]
    at: Time


class AssetUse(Struct, frozen=True, omit_defaults=True, rename={"place": "in"}):
    """A version that names an asset. `name`: of a named version."""

    doc: str
    place: Literal["head", "published", "version"]
    version: int
    name: str | UnsetType = UNSET


class Problem(Struct, frozen=True, omit_defaults=True):
    """A refusal (RFC 9457). Only certain codes have the fields after `retryable`."""

    type: Literal["about:blank"]
    title: str
    status: int
    code: Code
    detail: str
    retryable: bool
    version: int | UnsetType = UNSET
    after: str | UnsetType = UNSET
    base: int | UnsetType = UNSET
    changes: list[Change] | UnsetType = UNSET
    conflicts: list[Conflict] | UnsetType = UNSET
    removed_by: Author | UnsetType = UNSET
    op: int | UnsetType = UNSET
    path: str | UnsetType = UNSET
    lock: LockState | UnsetType = UNSET
    retry_after_ms: int | UnsetType = UNSET
    published: Meanwhile | UnsetType | None = UNSET
    findings: list[Finding] | UnsetType = UNSET
    uses: list[AssetUse] | UnsetType = UNSET


class TakenBack(Struct, frozen=True):
    """A version that was undone or redone, and the pointers of the changed values."""

    version: int
    at: Time
    pointers: list[str]


class Changed(Struct, frozen=True, omit_defaults=True):
    """The result of a change, with the fields of an `ack` of the patch lane."""

    version: int
    ops: list[Op] | UnsetType = UNSET
    conflicts: list[Conflict] | UnsetType = UNSET
    merged: list[Pointer] | UnsetType = UNSET
    undone: list[TakenBack] | UnsetType = UNSET
    skipped: list[str] | UnsetType = UNSET
    can_undo: bool | UnsetType = UNSET
    can_redo: bool | UnsetType = UNSET
    duplicate: bool = False


class PresentClient(Struct, frozen=True):
    """A client in a document, without the state that it shows."""

    session: str
    user: str
    name: str
    client: str
    role: str


class Summary(Struct, frozen=True):
    """What a list shows of a document. `published`: the public version, or null."""

    title: str
    updated: Time
    published: int | None


class ListedDocument(Struct, frozen=True, omit_defaults=True):
    """A document in a list. `published` is the public version.

    `damaged` is true when the stored row does not match its checksum. `presence` and `summary` are
    there when `include` names them.
    """

    doc: str
    version: int
    epoch: int
    created_at: Time
    updated_at: Time
    updated_by: str
    published: int | UnsetType = UNSET
    damaged: bool | UnsetType = UNSET
    presence: list[PresentClient] | UnsetType = UNSET
    summary: Summary | UnsetType = UNSET


class DocumentPage(Struct, frozen=True, omit_defaults=True):
    items: list[ListedDocument]
    cursor: str | UnsetType = UNSET


class PresencePage(Struct, frozen=True):
    items: list[Peer]


class RevertScope(Struct, frozen=True, omit_defaults=True):
    """Undo or redo your newest step, or your step that contains `version`.

    With `scope`, only the step's changes at and below this pointer.
    """

    scope: Pointer = ""
    version: int | UnsetType | None = UNSET


class Acquire(Struct, frozen=True):
    """A request for a lock. `base`: the version that the pointer is from. `ttl`: in seconds."""

    scope: Pointer
    base: int | None = None
    ttl: float | None = None


class Renew(Struct, frozen=True):
    ttl: float | None = None


class Release(Struct, frozen=True):
    secret: str | None = None


class LockPage(Struct, frozen=True):
    items: list[LockState]


class LockHeld(LockState, frozen=True, omit_defaults=True):
    """A lock. Its holder also gets a secret, which releases the lock without a token."""

    secret: str | UnsetType = UNSET


class NewShare(Struct, frozen=True):
    """What a share link allows, and for how many seconds."""

    role: Literal["viewer", "commenter"]
    ttl: Annotated[float, Meta(gt=0)] | None = None


class ShareToken(Struct, frozen=True):
    """A new share link. `url` contains the token. The server does not serve this address yet."""

    url: str
    token: str
    id: str
    role: Literal["viewer", "commenter"]
    expires_at: Time


class Share(Struct, frozen=True):
    """A share link, and the user who made it."""

    id: str
    role: str
    by: str
    created_at: Time
    expires_at: Time


class SharePage(Struct, frozen=True):
    items: list[Share]


class VersionPage(Struct, frozen=True, omit_defaults=True):
    items: list[VersionRow]
    cursor: str | UnsetType = UNSET


class NewName(Struct, frozen=True):
    """A name for `version`, or for the newest version."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    version: Annotated[int, Meta(ge=0)] | UnsetType = UNSET


class NameGiven(Struct, frozen=True):
    version: int
    name: str
    by: str
    at: Time


class Restoration(Struct, frozen=True, omit_defaults=True):
    """The version to restore: the whole value, or only the part at `pointer`."""

    version: Annotated[int, Meta(ge=0)]
    pointer: Pointer = ""


class Public(Struct, frozen=True, omit_defaults=True):
    """The public version, who published it, and when. `published` is null when none is public."""

    published: int | None
    by: dict[str, str] | UnsetType = UNSET
    at: Time | UnsetType = UNSET


class NewPublication(Struct, frozen=True, omit_defaults=True):
    """What to publish. `expected_published`: the version that you believe is public.

    0 or null mean that no version is public.
    """

    version: Annotated[int, Meta(ge=0)] | UnsetType | None = UNSET
    expected_published: Annotated[int, Meta(ge=0)] | UnsetType | None = UNSET


class Outcome(Struct, frozen=True):
    """The published version. `url` is the URL of its page: absolute if `WEFT_PUBLIC_URL` is set."""

    published: int
    url: str
    warnings: list[Finding]


class Checked(Struct, frozen=True):
    """What publishing would find in a version. `url` is the URL that the page has or would have."""

    version: int
    url: str
    warnings: list[Finding]
    refusals: list[Finding]


class Guest(Struct, frozen=True):
    """A new user of the demo tenant."""

    token: str
    user: str
    name: str
    role: Literal["publisher"]
    tenant: Literal["demo"]
    expires_at: Time


class Health(Struct, frozen=True):
    status: Literal["ok"]


class Readiness(Struct, frozen=True):
    """Whether the server is ready for requests, and which part is not ready."""

    status: Literal["ok", "unavailable"]
    database: Literal["ok", "down"]
    gossip: Literal["ok", "degraded", "none"]
    draining: bool


# --- RFC 6902 -------------------------------------------------------------------------------


class Operation(Struct, frozen=True, tag_field="op"):
    """One operation of a JSON Patch (RFC 6902, section 4)."""

    path: Pointer


class Add(Operation, frozen=True, tag="add"):
    value: Any


class Remove(Operation, frozen=True, tag="remove"):
    pass


class Replace(Operation, frozen=True, tag="replace"):
    value: Any


class Move(Operation, frozen=True, tag="move", rename={"from_": "from"}):
    from_: Pointer


class Copy(Operation, frozen=True, tag="copy", rename={"from_": "from"}):
    from_: Pointer


class Test(Operation, frozen=True, tag="test"):
    value: Any


JsonPatch = list[Add | Remove | Replace | Move | Copy | Test]
