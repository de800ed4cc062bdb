"""The orientation in EXIF metadata."""

from __future__ import annotations

import struct

import pytest

from server.assets.formats.orientation import orientation_of, turns_sideways
from tests.server.assets.samples import exif


def tiff(order: str, *entries: tuple[int, int, int, int]) -> bytes:
    start = b"II*\0" if order == "<" else b"MM\0*"
    packed = b"".join(struct.pack(f"{order}HHIHH", *entry, 0) for entry in entries)
    return start + struct.pack(f"{order}IH", 8, len(entries)) + packed


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_read_in_both_byte_orders(order: str, orientation: int) -> None:
    data = tiff(order, (0x010F, 3, 1, 7), (0x0112, 3, 1, orientation))
    assert orientation_of(data) == orientation
    assert orientation_of(b"Exif\0\0" + data) == orientation


def test_pillow_writes_what_we_read() -> None:
    assert [orientation_of(exif(number)) for number in range(1, 9)] == [*range(1, 9)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"no metadata",
        tiff("<"),
        tiff("<", (0x0112, 3, 1, 0)),
        tiff("<", (0x0112, 3, 1, 9)),
        tiff("<", (0x0112, 4, 1, 6)),
        tiff("<", (0x0112, 3, 2, 6)),
        tiff("<", (0x0112, 3, 1, 6))[:-6],
    ],
)
def test_damaged_metadata_turns_nothing(data: bytes) -> None:
    assert orientation_of(data) == 1


def test_four_orientations_exchange_width_and_height() -> None:
    assert [number for number in range(1, 9) if turns_sideways(number)] == [5, 6, 7, 8]
