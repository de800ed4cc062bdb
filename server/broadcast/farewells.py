"""Farewells: why a live room refuses or ends, as whoever asks and whoever listens is told."""

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
class Farewell:
    """The end of a live room: a refusal to those who ask, a close to those who listen."""

    refusal: Refusal
    code: int
    reason: str


DELETED: Final = Farewell(GONE, Close.NOT_FOUND, "the document was deleted")
# Another document under its name: clients come back to that.
MADE_AGAIN: Final = Farewell(GONE, Close.OVERLOADED, "the document was deleted and made again")
QUARANTINED: Final = Farewell(DAMAGED, Close.OVERLOADED, DAMAGED.message)
OUR_FAULT: Final = Farewell(IN_TROUBLE, Close.OUR_FAULT, IN_TROUBLE.message)
