"""The lists that contain the structs of a document.

A list has the children of a shared type, or the values of one key.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from collab.yjs.update import Id


class StructPlace(NamedTuple):
    """The list that contains a struct, and what the struct itself may contain.

    - `list` names a list: the children of a type, or the values of one key (`KEYED`). Some lists
      may contain text (`TAKES_TEXT`).
    - `depth` is the number of types above the struct. It is 0 for an unknown struct, and for a
      struct that is gone (garbage-collected).
    - `holds` is true for a shared type. It is also true for a struct that is gone, because it may
      have been a shared type.
    - `holder` is the list of the children of the type that contains the struct. It differs from
      `list` for the value of a key, and in the flags.
    - `array` is the number of the innermost Y.Array around the struct; 0 for none.
    """

    list: int
    depth: int
    holds: bool = False
    takes_text: bool = False
    holder: int = 0
    array: int = 0


TAKES_TEXT: Final = 1
KEYED: Final = 2


def is_item(place: StructPlace, root: str) -> bool:
    """Whether a struct is an item of a list without text, or of the list of this root type."""
    is_of_root = place.list == list_id(root) | TAKES_TEXT
    return bool(place.depth) and (is_of_root or not place.list & (KEYED | TAKES_TEXT))


def list_id(parent: Id | str, key: str | None = None) -> int:
    """The number of a list: the list of a type's children, or of the values of one of its keys."""
    # The hash of a string differs in each process, so a client cannot prepare a collision. The hash
    # of a tuple of integers is always the same.
    return hash(repr((parent, key))) & ~3


GONE: Final = StructPlace(-3, 0, holds=True, takes_text=True)
UNKNOWN: Final = StructPlace(1, 0, holds=True, takes_text=True)
