"""Atoms: strings that are replaced as a whole and never merged, as ids and colours are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from collab.patch.pointer import Tokens

# Whether the string at a location of a document is an atom.
Atomic = Callable[[Tokens, Any], bool]


def named_atomic(tokens: Tokens, document: Any) -> bool:
    """Where no schema says it, ids and types are."""
    return bool(tokens) and tokens[-1] in ("id", "type")
