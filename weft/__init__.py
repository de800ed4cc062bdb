"""The Python client of Weft: edit a document together with other people, from a script or agent.

`page = await weft.connect(url, document, token=...)` opens a document. `weft.sync.connect` does the
same without `await`. docs/python-client.md shows how.
"""

from weft import sync
from weft.change import Change
from weft.core.effects import Info, Result, Undone
from weft.documents import Documents, documents
from weft.errors import (
    BadAddressError,
    ClosedError,
    ConnectionRefusedByServerError,
    ForbiddenError,
    NoSuchDocumentError,
    NotJsonError,
    OfflineError,
    PatchError,
    ReadOnlyError,
    Refusal,
    TokenExpiredError,
    TokenRefusedError,
    UnreachableError,
    WeftError,
)
from weft.locks import Lock
from weft.page import Page, connect

__all__ = [
    "BadAddressError",
    "Change",
    "ClosedError",
    "ConnectionRefusedByServerError",
    "Documents",
    "ForbiddenError",
    "Info",
    "Lock",
    "NoSuchDocumentError",
    "NotJsonError",
    "OfflineError",
    "Page",
    "PatchError",
    "ReadOnlyError",
    "Refusal",
    "Result",
    "TokenExpiredError",
    "TokenRefusedError",
    "Undone",
    "UnreachableError",
    "WeftError",
    "connect",
    "documents",
    "sync",
]
