"""JPEG: sizes, kept segments, and files that are refused."""

from __future__ import annotations

import pytest
from PIL import ImageCms

from server.assets.formats.picture_file import MAX_PROFILE
from tests.server.assets.samples import (
    SECRET,
    damage_of,
    decode,
    encode,
    exif,
    photo,
    read,
    size_of,
)

JPEG = encode(photo(), "JPEG")
FRAME = JPEG.index(b"\xff\xc0")


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


def with_segment(marker: int, content: bytes) -> bytes:
    """Return a JPEG with a segment behind its first one."""
    at = 4 + int.from_bytes(JPEG[4:6])
    return JPEG[:at] + segment(marker, content) + JPEG[at:]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"subsampling": 0},
        {"subsampling": 1, "quality": 30},
        {"restart_marker_rows": 1},
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_file_without_metadata_stays_as_it_is(mode: str, options: dict[str, int]) -> None:
    data = encode(photo(mode=mode), "JPEG", **options)
    file = read(data)
    assert file.content is data
    assert (file.type, file.width, file.height) == ("image/jpeg", *size_of(data))


def test_metadata_is_removed_and_pixels_stay() -> None:
    data = encode(photo(), "JPEG", exif=exif(8), comment=SECRET, xmp=SECRET, icc_profile=b"")
    file = read(data)
    assert SECRET in data
    assert SECRET not in file.content
    assert file.orientation == 8
    assert file.content == JPEG
    assert decode(file.content).tobytes() == decode(JPEG).tobytes()


@pytest.mark.parametrize("marker", [0xE1, 0xE2, 0xE3, 0xED, 0xEE, 0xEF, 0xE0, 0xFE])
def test_each_segment_of_a_camera_is_removed(marker: int) -> None:
    data = with_segment(marker, SECRET * 9)
    assert read(data).content == JPEG


def test_a_small_copy_in_the_header_is_removed() -> None:
    data = b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1" + b"RGB") + JPEG[20:]
    assert read(data).content == JPEG


def test_the_color_profile_is_kept_unless_it_is_huge() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode(photo(), "JPEG", icc_profile=profile)
    assert read(data).content is data
    part = segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(60_000))
    many = JPEG[:20] + part * (MAX_PROFILE // 60_000 + 1) + JPEG[20:]
    assert read(many).content == JPEG


def test_bytes_behind_the_end_are_dropped() -> None:
    """A second picture of a phone, or a page that a browser could show."""
    assert read(JPEG + JPEG + b"<html><script>").content == JPEG


def test_fill_bytes_before_a_marker_are_read() -> None:
    assert read(JPEG[:20] + b"\xff" * 9 + JPEG[20:]).content == JPEG


@pytest.mark.parametrize("end", [3, 5, 18, 100, FRAME + 3, 400, len(JPEG) - 1])
def test_a_truncated_file_is_refused(end: int) -> None:
    assert "end is missing" in damage_of(JPEG[:end])


def test_very_many_fill_bytes_are_read_in_one_pass() -> None:
    assert "end is missing" in damage_of(JPEG[:-2] + b"\xff" * 10_000_000)
    assert "end is missing" in damage_of(JPEG[:20] + b"\xff" * 10_000_000)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (JPEG[:20] + b"\xff\xd9", "no pixels"),
        (JPEG[:20] + b"??" + JPEG[20:], "marker is missing"),
        (JPEG[:20] + b"\xff\xd3" + JPEG[20:], "wrong place"),
        (JPEG[:20] + b"\xff\xe1\0\1" + JPEG[20:], "wrong place"),
        (JPEG.replace(b"\xff\xc0", b"\xff\xc3"), "rare kind"),
        (JPEG.replace(b"\xff\xc0", b"\xff\xc9"), "rare kind"),
        (with_segment(0xC0, JPEG[FRAME + 4 : FRAME + 19]), "header is wrong"),
        (JPEG[: FRAME + 4] + b"\x0c" + JPEG[FRAME + 5 :], "header is wrong"),
        (JPEG[: FRAME + 5] + b"\0\0" + JPEG[FRAME + 7 :], "no pixels"),
        (with_segment(0xDA, b"\0"), "scans without a header"),
        (JPEG[:-2] + segment(0xDA, b"\0") * 51 + b"\xff\xd9", "too many scans"),
        (JPEG[:20] + segment(0xFE, b"") * 20_001 + JPEG[20:], "more than 20000 segments"),
    ],
)
def test_a_damaged_file_is_refused(data: bytes, reason: str) -> None:
    assert reason in damage_of(data)
