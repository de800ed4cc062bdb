"""Why a live room (an open document, `server/documents/`) refuses requests and ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collab.errors import Close, Code, Refusal

IN_TROUBLE: Final = Refusal(
    Code.STORAGE_UNAVAILABLE,
    "the database has a problem, so the document is read-only now; try again",
    {"retry_after_ms": 1000},
)
RESTARTING: Final = Refusal(Code.STORAGE_UNAVAILABLE, "the server is restarting; try again")
GONE: Final = Refusal(Code.NOT_FOUND, "no such document")
DAMAGED: Final = Refusal(
    Code.STORAGE_UNAVAILABLE, "the document is in quarantine until it is repaired"
)


@dataclass(frozen=True, slots=True)
class CloseReason:
    """Why a live room ends: the refusal of its requests, and the close code of its connections."""

    refusal: Refusal
    code: int
    reason: str


DELETED: Final = CloseReason(GONE, Close.NOT_FOUND, "the document was deleted")
# A new document has the same name now. Clients may reconnect, and then open the new document.
RECREATED: Final = CloseReason(GONE, Close.OVERLOADED, "the document was deleted and created again")
QUARANTINED: Final = CloseReason(DAMAGED, Close.OVERLOADED, DAMAGED.message)
OUR_FAULT: Final = CloseReason(IN_TROUBLE, Close.OUR_FAULT, IN_TROUBLE.message)
