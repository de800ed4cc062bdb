"""An honest client types between neighbours that were deleted, together with their type."""

from __future__ import annotations

import pytest

from collab.errors import Rejected
from collab.structs.guard import StructIndex, check, inspect

# Client 9: a text under the key `t` of `content`, "ab" in it, and a deleted struct without content.
TEXT = bytes([1, 3, 9, 0, 0x27, 1, 7]) + b"content" + b"\x01t\x02" + b"\x04\x00\x09\x00\x02ab"
KNOWN = TEXT + b"\x00\x01\x00"
TYPED_BETWEEN = bytes([1, 1, 7, 0, 0xC4, 9, 2, 9, 3, 1]) + b"x\x00"


def _index(*, deleted: bool) -> StructIndex:
    index = StructIndex()
    index.add(inspect(KNOWN))
    if deleted:
        index.add(inspect(bytes([0, 1, 9, 1, 0, 4])))
    return index


def test_g18_typing_between_deleted_neighbours_is_accepted() -> None:
    checked = check(
        inspect(TYPED_BETWEEN), {9: 4}, leases={9: "ada"}, user="bo", index=_index(deleted=True)
    )
    assert checked.has_effect


def test_g14_typing_beside_one_deleted_neighbour_is_refused() -> None:
    with pytest.raises(Rejected, match="two lists"):
        check(
            inspect(TYPED_BETWEEN),
            {9: 4},
            leases={9: "ada"},
            user="bo",
            index=_index(deleted=False),
        )
