"""One case of the campaign: a request, which of its dimensions is at which limit, and its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Level = Literal["plain", "at", "above"]
Lane = Literal["http", "patch", "yjs"]

# As a `base` of the patch lane: the version that the client was told when it opened the document.
HEAD = -1
Made = TypeVar("Made")


def always(made: Made) -> Callable[[int], Made]:
    """The same for every client."""
    return lambda _: made


@dataclass(frozen=True)
class HttpRequest:
    """`{doc}` in the target stands for the document, so that 20 can ask for documents of their own.

    The driver adds the token and the length of the body.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Talk:
    """What a client says on a socket.

    `opening` are fields of the patch lane's `open`, or is None where `frames` hold all that is
    said. `opens` says that the opening is what is measured.
    """

    frames: tuple[bytes, ...] = ()
    opening: Mapping[str, object] | None = field(default_factory=dict)
    opens: bool = False


@dataclass(frozen=True)
class Case:
    """`make` is called with the client's number, from 0: what it sends is made when it is due.

    Invariant: clients of one run send nothing that collides, such as one id twice.
    """

    lane: Lane
    request: str
    dimension: str
    level: Level
    document: str
    make: Callable[[int], HttpRequest | Talk]
    user: str = ""  # whose history it needs; the client's number is added
    most_at_once: int = 20

    def __str__(self) -> str:
        return f"{self.lane} {self.request}, {self.dimension} ({self.level}), on {self.document!r}"
