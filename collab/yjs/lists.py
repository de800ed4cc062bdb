"""The lists that contain the structs of a document, and how long yrs needs to read a Y.Array.

A list has the children of a shared type, or the values of one key.

yrs finds an item of a Y.Array by its index: it walks over all blocks before the item, also over
deleted ones. So reading a whole array takes its items times its blocks, in steps of 5 ns or more.
5,000 maps take 0.1 s, 10,000 take 0.7 s (measured). Plain values that a client adds one after the
other are one block.

The estimate counts at least as many blocks as yrs has, and at least as many items. Of a state it
counts exactly the blocks of the state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from collab.yjs.contents import DELETED
from collab.yjs.update import Id, Struct

_PLAIN_VALUES: Final = 8


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
    """

    list: int
    depth: int
    holds: bool = False
    takes_text: bool = False
    holder: int = 0


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


@dataclass(slots=True)
class ArraySize:
    """The blocks and the items of one Y.Array.

    `last` is the id of the item that came last. `ends` has the last plain value of each client,
    with its right origin: a plain value that continues it becomes a part of its block.
    """

    blocks: int = 0
    items: int = 0
    last: Id | None = None
    ends: dict[int, tuple[int, Id | None]] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        return self.blocks * self.items

    def copy(self) -> ArraySize:
        return ArraySize(self.blocks, self.items, self.last, dict(self.ends))

    def add(self, client: int, struct: Struct, *, is_block: bool) -> None:
        """Count a struct of the array. `is_block` says that yrs has it as one block."""
        if struct.kind != DELETED:
            self.items += struct.end - struct.clock
        is_plain = struct.kind == _PLAIN_VALUES
        continues = (
            is_plain
            and struct.origin == (client, struct.clock - 1)
            and self.ends.get(client) == (struct.clock, struct.right)
        )
        if is_block:
            self.blocks += 1
        elif not continues:
            # A struct between two plain values splits their block.
            self.blocks += 1 if struct.origin == self.last else 2
        if is_plain:
            self.ends[client] = struct.end, struct.right
        self.last = client, struct.end - 1


class ArraySizes:
    """The sizes of the Y.Arrays, by their lists (`StructPlace.list`).

    With `base`, these are the sizes after an update that is only checked. The sizes in `base` do
    not change. Set `has_blocks` while the structs of a state are added: each of them is one block.
    """

    def __init__(self, base: ArraySizes | None = None) -> None:
        self._base = base
        self._sizes: dict[int, ArraySize] = {}
        self.there: bool = base is not None and base.there  # whether there is a Y.Array
        self.has_blocks = False

    def create(self, where: int) -> None:
        """Note a new Y.Array, whose items are in this list."""
        self._sizes[where] = ArraySize()
        self.there = True

    def add(self, where: int, client: int, struct: Struct) -> None:
        """Count a new struct of this list, if the list is of a Y.Array."""
        size = self._of(where)
        if size is not None:
            size.add(client, struct, is_block=self.has_blocks)

    def remove(self, where: int, items: int, cuts: int) -> None:
        """Count a deletion in this list. Each cut splits a block."""
        size = self._of(where)
        if size is not None and not self.has_blocks:
            size.blocks += cuts
            size.items -= items

    def sizes(self) -> list[ArraySize]:
        """Return the sizes, in the order of the arrays' creation."""
        return list(self._sizes.values())

    def outgrow(self, most: int) -> bool:
        """Whether a Y.Array now needs more steps than `most`, and more than in `base`."""
        for where, size in self._sizes.items():
            known = None if self._base is None else self._base._of(where)
            if size.steps > most and (known is None or size.steps > known.steps):
                return True
        return False

    def _of(self, where: int) -> ArraySize | None:
        size = self._sizes.get(where)
        if size is None and self._base is not None and (known := self._base._of(where)):
            size = self._sizes[where] = known.copy()
        return size
