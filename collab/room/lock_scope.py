"""Lock scopes: which collide, whose they are, and where a change takes them."""

from __future__ import annotations

from collab.entry import Author
from collab.errors import Refusal, Rejected
from collab.ids import Json
from collab.patch.carry import Past
from collab.patch.pointer import lookup, parse, render


def collide(a: str, b: str) -> bool:
    """Whether one pointer is the other or lies under it."""
    return f"{a}/".startswith(f"{b}/") or f"{b}/".startswith(f"{a}/")


def same(a: Author, b: Author) -> bool:
    """A holder is a user's client: the same user's other tab is somebody else."""
    return a.user == b.user and a.client == b.client


def carried(scope: str, past: Past) -> str | None:
    """The scope after a change; None when its element is gone."""
    if not past.structural:
        return scope
    tokens = past.carry(parse(scope))
    return None if tokens is None else render(tokens)


def not_an_element(scope: str, value: Json) -> Refusal | None:
    """Why nothing can be locked there: a lock ends with its element, so there must be one."""
    try:
        lookup(value, parse(scope))
    except Rejected as rejected:
        return rejected.refusal
    return None
