"""What all formats share: kept ranges, and the limits of a size."""

from __future__ import annotations

import pytest

from collab.errors import Code, Rejected
from server.assets.formats.picture_file import (
    MAX_FRAMES,
    MAX_SIDE,
    KeptRanges,
    PictureFile,
    check_size,
)


def test_a_file_that_is_kept_whole_is_the_same_object() -> None:
    data = b"0123456789"
    kept = KeptRanges(data)
    kept.keep(0, 4)
    kept.put(b"45", 4, 6)
    kept.keep(6, 10)
    assert kept.joined() is data


def test_removed_and_replaced_ranges_are_left_out() -> None:
    kept = KeptRanges(b"0123456789")
    kept.keep(0, 2)
    kept.keep(4, 6)
    kept.put(b"xyz", 6, 8)
    kept.keep(8, 9)
    assert kept.joined() == b"0145xyz8"


def picture(width: int, height: int, frames: int = 1) -> PictureFile:
    return PictureFile("PNG", width, height, b"", frames=frames)


@pytest.mark.parametrize(
    "file",
    [
        picture(1, 1),
        picture(10, 10),
        picture(100, 1),
        picture(10, 10, 4),
        picture(1, 1, 400),
    ],
)
def test_a_picture_within_the_limits_is_allowed(file: PictureFile) -> None:
    check_size(file, 100)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (picture(0, 1), "zero"),
        (picture(1, 0), "zero"),
        (picture(101, 1), "101 x 1 pixels"),
        (picture(10, 11), "10 x 11 pixels"),
        (picture(2**31, 2**31), "pixels"),
        (picture(10, 10, 5), "5 frames"),
    ],
)
def test_a_picture_over_a_limit_is_refused(file: PictureFile, reason: str) -> None:
    with pytest.raises(Rejected, match=reason) as refused:
        check_size(file, 100)
    assert refused.value.refusal.code is Code.INVALID_ASSET


def test_of_a_drawing_only_the_pictures_inside_count() -> None:
    check_size(PictureFile("SVG", 1000, 1000, b"", inner=(picture(10, 10),)), 100)
    with pytest.raises(Rejected, match="10 x 11 pixels"):
        check_size(PictureFile("SVG", 1, 1, b"", inner=(picture(1, 1), picture(10, 11))), 100)


def test_very_long_pictures_and_animations_are_refused() -> None:
    for file in (picture(MAX_SIDE + 1, 1), picture(1, 1, MAX_FRAMES + 1)):
        with pytest.raises(Rejected):
            check_size(file, 10**9)


def test_each_format_has_its_media_type() -> None:
    names = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "SVG")
    assert [PictureFile(name, 1, 1, b"").type for name in names] == [
        *("image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "image/svg+xml")
    ]
