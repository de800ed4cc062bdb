"""One entry of a Y.Map, as a writer sees it."""

from __future__ import annotations

from typing import Any, NamedTuple

from collab.patch.pointer import Tokens
from collab.types.records import Path


class Slot(NamedTuple):
    """A map's entry: its key, where that lies, and where the node of what is in it is kept."""

    handle: Any
    key: str
    path: Path
    tokens: Tokens
    children: dict[str, Any]
    name: str
