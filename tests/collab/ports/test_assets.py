"""What the contents of an asset are."""

from __future__ import annotations

from collab.ports.assets import LEAST_BYTES, PIECE_BYTES, Asset, contents_of, cut

ORIGINAL = b"o" * (PIECE_BYTES + 1)


def test_contents_are_sorted_by_width_with_a_checksum_for_each_piece() -> None:
    found = contents_of({960: b"w", 0: ORIGINAL})
    assert [(one.width, one.bytes, len(one.checksums)) for one in found] == [
        (0, PIECE_BYTES + 1, 2),
        (960, 1, 1),
    ]
    assert b"".join(cut(ORIGINAL)) == ORIGINAL


def test_an_asset_counts_all_its_contents_and_at_least_a_few_kilobytes() -> None:
    small = Asset("id", "image/png", 1, 1, "", "ada", 5, "f", contents_of({0: b"x", 480: b"yz"}))
    large = Asset("id", "image/png", 1, 1, "", "ada", 5, "f", contents_of({0: ORIGINAL, 480: b"y"}))
    assert (small.bytes, small.stored_bytes) == (1, LEAST_BYTES)
    assert (large.bytes, large.stored_bytes) == (PIECE_BYTES + 1, PIECE_BYTES + 2)


def test_a_missing_width_is_the_original() -> None:
    one = Asset("id", "image/png", 1, 1, "", "ada", 5, "f", contents_of({0: b"x", 480: b"yz"}))
    assert [one.content(width).bytes for width in (0, 480, 960, -1)] == [1, 2, 1, 1]
