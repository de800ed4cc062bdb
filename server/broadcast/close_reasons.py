"""Why a live room refuses requests, and why it closes its connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collab.errors import Close, Code, Refusal

IN_TROUBLE: Final = Refusal(
    Code.STORAGE_UNAVAILABLE,
    "the database is in trouble, nothing can be changed now",
    {"retry_after_ms": 1000},
)
RESTARTING: Final = Refusal(Code.STORAGE_UNAVAILABLE, "the server is restarting")
GONE: Final = Refusal(Code.NOT_FOUND, "no such document")
DAMAGED: Final = Refusal(Code.STORAGE_UNAVAILABLE, "the document is damaged and in quarantine")


@dataclass(frozen=True, slots=True)
class CloseReason:
    """The end of a live room: a refusal for its requests, a close for its connections."""

    refusal: Refusal
    code: int
    reason: str


DELETED: Final = CloseReason(GONE, Close.NOT_FOUND, "the document was deleted")
# Another document has its name now: clients reconnect to that.
RECREATED: Final = CloseReason(GONE, Close.OVERLOADED, "the document was deleted and made again")
QUARANTINED: Final = CloseReason(DAMAGED, Close.OVERLOADED, DAMAGED.message)
OUR_FAULT: Final = CloseReason(IN_TROUBLE, Close.OUR_FAULT, IN_TROUBLE.message)
