"""One operation of the HTTP API, and the parts that many operations share."""

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

Tag = Literal["Documents", "History", "Publishing", "Locks", "Sharing", "Assets", "Process"]
Method = Literal["GET", "PUT", "PATCH", "POST", "DELETE"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path, the query or a header; `shape` is the type of its value."""

    name: str
    where: Literal["path", "query", "header"]
    shape: Any
    doc: str
    schema: Mapping[str, Any] = field(default_factory=dict)  # rules that the type lacks
    needed: bool = False  # a path parameter is always required

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
    """An answer to a request that succeeded; when `shape` is None, it has no body."""

    doc: str
    shape: Any = None
    headers: tuple[str, ...] = ()
    media_types: tuple[str, ...] = (JSON,)


@dataclass(frozen=True, slots=True)
class Operation:
    """Everything that a client must know about one method of a URL.

    - `refusals`: the codes of this operation only. `codes` adds the codes that all operations with
      a token or with a body have.
    - `conditional`: with `If-Match` or `If-None-Match`, a refusal may have the status 412.
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
        """Return every code with which the server may refuse the operation."""
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
# A token with `sections` cannot use these operations, whatever its role is.
WITHOUT_SECTIONS = "The token must have no `sections`."
# The refusals of any change of a value.
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
    "The name of the document.",
    {"pattern": f"^{DOC_NAME.pattern}$"},
)
WHOLE = {"minimum": 0, "maximum": 999_999_999_999_999}
LIMIT = Parameter(
    "limit", "query", int, "The largest number of items in the answer.", {**WHOLE, "minimum": 1}
)
CURSOR = Parameter("cursor", "query", str, "The `cursor` of the previous page.")
POINTER = Parameter("pointer", "query", Pointer, "Read only the part at this JSON Pointer.")
IF_MATCH = Parameter(
    "If-Match",
    "header",
    str,
    "The `ETag` of the version that must be the newest. If it is not, the answer is 412.",
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    "header",
    str,
    "The `ETag` of each version that the client has. When one matches, the answer is 304.",
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    str,
    "The id of the request, unique for the user and the document. To retry, send the same request "
    "with the same id. The server does not apply an accepted request again: it sends the first "
    "answer, with `duplicate`. When another request has an accepted id, the answer is `id_reused`.",
    {"maxLength": 255},
)
CLIENT = Parameter(
    "Weft-Client",
    "header",
    str,
    "The name of this client, as other users see it. It is cut to 128 characters.",
)
FENCE = Parameter(
    "Weft-Fence",
    "header",
    int,
    "The `fence` of your lock. When you no longer hold this lock, the answer is `stale_lock`.",
    WHOLE,
)

CHANGED = Response("The change is stored.", Changed, ("ETag",))
