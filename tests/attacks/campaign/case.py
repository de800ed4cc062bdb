"""One case of the campaign: a request with one dimension at a limit, and its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Level = Literal["plain", "at", "above"]
Lane = Literal["http", "patch", "yjs"]

# As `base` on the patch lane: the version in the client's `opened`.
HEAD = -1
Made = TypeVar("Made")


def always(made: Made) -> Callable[[int], Made]:
    """Return a function that gives every client the same value."""
    return lambda _: made


@dataclass(frozen=True)
class HttpRequest:
    """`{doc}` in the target stands for the document, so each client can use its own.

    The driver adds the token and the length of the body.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Talk:
    """The messages of a client on a socket.

    `opening` has fields of the patch lane's `open`; None when `frames` has every message. With
    `opens` the opening itself is measured. `last` are the messages of a client after the
    measurement, if the server has taken the others.
    """

    frames: tuple[bytes, ...] = ()
    opening: Mapping[str, object] | None = field(default_factory=dict)
    opens: bool = False
    last: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Case:
    """`make` gets the client's number, from 0, and returns the request when it is sent.

    Invariant: the clients of one run do not collide, for example by one id twice.
    """

    lane: Lane
    request: str
    dimension: str
    level: Level
    document: str
    make: Callable[[int], HttpRequest | Talk]
    user: str = ""  # the user whose history the case needs; the client's number is appended
    most_at_once: int = 20

    def __str__(self) -> str:
        return f"{self.lane} {self.request}, {self.dimension} ({self.level}), on {self.document!r}"
