"""Every refusal code of the wire contract, with its HTTP status, close code and retry rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

# The errors of a msgspec decoder for unreadable bytes. It raises Python's own errors in two cases:
# a string is not UTF-8, or a value is nested too deeply.
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Code(StrEnum):
    """The name of a refusal on the wire."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ALREADY_EXISTS = "already_exists"
    CONFLICT = "conflict"
    UNKNOWN_VERSION = "unknown_version"
    TEST_FAILED = "test_failed"
    LOCKED = "locked"
    STALE_LOCK = "stale_lock"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXCEEDED = "quota_exceeded"
    NOTHING_TO_UNDO = "nothing_to_undo"
    TOO_LARGE = "too_large"
    ID_REUSED = "id_reused"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INVALID_PATCH = "invalid_patch"
    PATH_NOT_FOUND = "path_not_found"
    INVALID_DOCUMENT = "invalid_document"
    INVALID_ASSET = "invalid_asset"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    MISSING_DEPENDENCY = "missing_dependency"
    STALE_DOCUMENT = "stale_document"
    IN_USE = "in_use"
    STORAGE_FULL = "storage_full"


HTTP_STATUS: dict[Code, int] = {
    Code.MALFORMED: 400,
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.ALREADY_EXISTS: 409,
    Code.CONFLICT: 409,
    Code.UNKNOWN_VERSION: 409,
    Code.TEST_FAILED: 409,
    Code.LOCKED: 423,
    Code.STALE_LOCK: 409,
    Code.RATE_LIMITED: 429,
    Code.QUOTA_EXCEEDED: 403,
    Code.NOTHING_TO_UNDO: 409,
    Code.TOO_LARGE: 413,
    Code.ID_REUSED: 422,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.INVALID_PATCH: 422,
    Code.PATH_NOT_FOUND: 422,
    Code.INVALID_DOCUMENT: 422,
    Code.INVALID_ASSET: 422,
    Code.STORAGE_UNAVAILABLE: 503,
    Code.MISSING_DEPENDENCY: 409,
    Code.STALE_DOCUMENT: 409,
    Code.IN_USE: 409,
    Code.STORAGE_FULL: 507,
}

# A client may retry these: the same message may be accepted later.
RETRYABLE = frozenset({Code.RATE_LIMITED, Code.STORAGE_UNAVAILABLE, Code.LOCKED})


class Close:
    """The close codes of a socket.

    - 4400 to 4499 are final: the client must not reconnect with the same credentials or message.
    - 4500 to 4599 are temporary: the client reconnects.
    - The other codes are those of RFC 6455.
    """

    GOING_AWAY = 1001
    POLICY = 1008
    TOO_BIG = 1009
    OUR_FAULT = 1011
    RESTARTING = 1012
    OVERLOADED = 1013
    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    NOT_FOUND = 4404
    SILENT = 4408
    STALE = 4410
    QUOTA = 4413
    SLOW_CONSUMER = 4508
    RATE = 4529


CLOSE_OF: dict[Code, int] = {
    Code.MALFORMED: Close.MALFORMED,
    Code.UNAUTHENTICATED: Close.UNAUTHENTICATED,
    Code.FORBIDDEN: Close.FORBIDDEN,
    Code.NOT_FOUND: Close.NOT_FOUND,
    Code.QUOTA_EXCEEDED: Close.QUOTA,
    Code.TOO_LARGE: Close.TOO_BIG,
    Code.RATE_LIMITED: Close.RATE,
    Code.STORAGE_UNAVAILABLE: Close.OVERLOADED,
    Code.STALE_DOCUMENT: Close.STALE,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why the server refuses a request: a code, a sentence, and fields for the client.

    `extra` has the fields that docs/wire.md adds to a code: `op`, `path`, `lock`, `retry_after_ms`,
    `changes`, `conflicts`, `after` and others. `collab.wire` sends them.
    """

    code: Code
    message: str
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def retryable(self) -> bool:
        return self.code in RETRYABLE


class Rejected(Exception):
    """Raised when a request breaks a rule. The client gets the refusal."""

    def __init__(self, code: Code, message: str, **extra: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.refusal = Refusal(code, message, extra)
