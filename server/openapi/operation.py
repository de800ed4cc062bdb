"""One operation of the HTTP API, and the parts that many of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from collab.errors import Code
from collab.ids import DOC_NAME
from collab.messages import Pointer
from server.openapi.shapes import Changed

JSON = "application/json"
PROBLEM = "application/problem+json"
PATCH = "application/json-patch+json"
SCHEMA = "application/schema+json"

Tag = Literal["Documents", "History", "Publishing", "Locks", "Process"]
Method = Literal["GET", "PUT", "PATCH", "POST", "DELETE"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a request says beside its body; `shape` is the type of its value."""

    name: str
    where: Literal["path", "query", "header"]
    shape: Any
    doc: str
    schema: Mapping[str, Any] = field(default_factory=dict)  # what the type does not say
    needed: bool = False  # as those of a path are always

    @property
    def required(self) -> bool:
        return self.needed or self.where == "path"


@dataclass(frozen=True, slots=True)
class Body:
    shape: Any
    doc: str
    media_types: tuple[str, ...] = (JSON,)
    required: bool = True


@dataclass(frozen=True, slots=True)
class Response:
    """What comes when it went well; `shape` None is an answer without a body."""

    doc: str
    shape: Any = None
    headers: tuple[str, ...] = ()
    media_types: tuple[str, ...] = (JSON,)


@dataclass(frozen=True, slots=True)
class Operation:
    """Everything that a client must know of a method at an address.

    `refusals` are the codes beside those that every operation of its kind may answer with;
    `conditional` says that a precondition of the request may turn a refusal into 412.
    """

    method: Method
    path: str
    name: str
    tag: Tag
    summary: str
    responses: Mapping[int, Response]
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    refusals: tuple[Code, ...] = ()
    detail: str = ""
    conditional: bool = False
    open_to_all: bool = False

    def codes(self) -> list[Code]:
        """Every code that it may be refused with."""
        codes = list(self.refusals)
        if not self.open_to_all:
            codes += WITH_TOKEN
        if self.body is not None:
            codes += WITH_BODY
        return sorted(set(codes))


WITH_TOKEN = (
    Code.MALFORMED,
    Code.UNAUTHENTICATED,
    Code.RATE_LIMITED,
    Code.STORAGE_UNAVAILABLE,
)
WITH_BODY = (Code.MALFORMED, Code.TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE)
# What no section right covers, whatever the role is.
WITHOUT_SECTIONS = "It needs a token without `sections`."
# What any change of a value may run into, in the room.
ON_CHANGE = (
    Code.FORBIDDEN,
    Code.NOT_FOUND,
    Code.CONFLICT,
    Code.UNKNOWN_VERSION,
    Code.TEST_FAILED,
    Code.LOCKED,
    Code.STALE_LOCK,
    Code.INVALID_PATCH,
    Code.PATH_NOT_FOUND,
    Code.INVALID_DOCUMENT,
    Code.TOO_LARGE,
    Code.QUOTA_EXCEEDED,
    Code.ID_REUSED,
)

DOC = Parameter(
    "doc",
    "path",
    str,
    "The document's name.",
    {"pattern": f"^{DOC_NAME.pattern}$"},
)
WHOLE = {"minimum": 0, "maximum": 999_999_999_999_999}
LIMIT = Parameter("limit", "query", int, "The most items in the answer.", {**WHOLE, "minimum": 1})
CURSOR = Parameter("cursor", "query", str, "Where the page before this one ended.")
POINTER = Parameter("pointer", "query", Pointer, "Only what stands under this JSON Pointer.")
IF_MATCH = Parameter(
    "If-Match", "header", str, "The `ETag` of the version that the head must be; else 412."
)
IF_NONE_MATCH = Parameter(
    "If-None-Match", "header", str, "Tags of what the client has already; 304 where it is that."
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    str,
    "The request's id, unique for the user and the document: the same request that comes again "
    "under an accepted one is not applied again, and gets its first answer with `duplicate`. "
    "Another request under it is `id_reused`.",
    {"maxLength": 255},
)
CLIENT = Parameter(
    "Weft-Client",
    "header",
    str,
    "The name of this program, as others see it beside the user's; at most 128 characters of it.",
)
FENCE = Parameter(
    "Weft-Fence",
    "header",
    int,
    "The lock that the edit relies on; `stale_lock` when it is gone.",
    WHOLE,
)

CHANGED = Response("It is done, and durable.", Changed, ("ETag",))
