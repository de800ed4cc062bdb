"""Errors with a code for programs, and a sentence that says what to do."""

from __future__ import annotations

from typing import Any


class WeftError(Exception):
    """An error of this client. `code` is a word for programs."""

    code = "error"

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        if code:
            self.code = code


class BadAddressError(WeftError):
    """The URL is not the address of a Weft server."""

    code = "bad_address"


class UnreachableError(WeftError):
    """No server answers at the URL."""

    code = "unreachable"


class TokenRefusedError(WeftError):
    """The server does not accept the token."""

    code = "unauthenticated"


class TokenExpiredError(TokenRefusedError):
    """The token has expired."""

    code = "token_expired"


class NoSuchDocumentError(WeftError):
    """The document does not exist, or the token may not see it."""

    code = "not_found"


class ForbiddenError(WeftError):
    """The token does not allow this connection any more."""

    code = "forbidden"


class ConnectionRefusedByServerError(WeftError):
    """The server closed the connection for another reason, and a retry would not help."""

    code = "refused"


class ClosedError(WeftError):
    """The page is closed."""

    code = "closed"


class ReadOnlyError(WeftError):
    """The token may only read the document."""

    code = "read_only"


class OfflineError(WeftError):
    """There is no connection, and this request needs one."""

    code = "offline"


class NotJsonError(WeftError, TypeError):
    """A value cannot be stored, because JSON has no such value."""

    code = "not_json"


class PatchError(WeftError):
    """A patch does not fit the value of the page. `op` is the index of the operation."""

    def __init__(self, code: str, message: str, path: str) -> None:
        super().__init__(message, code)
        self.path = path
        self.op = 0


class Refusal(WeftError):
    """The server refused a request.

    - `yours` is your value at `path`, and `theirs` the value at the server.
    - `by` is the author whose change or lock is the reason, when the server names one.
    - `version` is the newest version of the document.
    - `uses` are the documents that use a picture, when they are the reason.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        path: str | None = None,
        yours: Any = None,
        theirs: Any = None,
        by: dict[str, Any] | None = None,
        version: int | None = None,
        lock: dict[str, Any] | None = None,
        uses: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message, code)
        self.path = path
        self.yours = yours
        self.theirs = theirs
        self.by = by
        self.version = version
        self.lock = lock
        self.uses = uses or []
