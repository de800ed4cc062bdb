"""Where the pieces of an asset are."""

from __future__ import annotations

import pytest

from collab.ports.assets import PIECE_BYTES
from storage.assets.contents import PiecePlace, place_of
from tests.storage.assets_contract import asset

ORIGINAL = b"o" * (PIECE_BYTES + 1)


@pytest.mark.parametrize(
    ("width", "number", "place"),
    [
        (0, 0, PiecePlace(0, 0, PIECE_BYTES)),
        (0, 1, PiecePlace(1, PIECE_BYTES, 1)),
        (0, 2, None),
        (0, -1, None),
        (480, 0, PiecePlace(2, PIECE_BYTES + 1, 3)),
        (480, 1, None),
        (960, 0, PiecePlace(3, PIECE_BYTES + 4, 2)),
        (1920, 0, None),
    ],
)
def test_pieces_follow_each_other(width: int, number: int, place: PiecePlace | None) -> None:
    one = asset(ORIGINAL, w480=b"480", w960=b"96")
    assert place_of(one, width, number) == place
