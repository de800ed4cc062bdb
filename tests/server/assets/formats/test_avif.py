"""AVIF: sizes, turns, metadata, and files that are refused."""

from __future__ import annotations

import pytest
from PIL import ImageCms

from tests.server.assets.samples import (
    SECRET,
    animation,
    damage_of,
    decode,
    encode,
    exif,
    photo,
    read,
    refusal_of,
    size_of,
)

AVIF = encode(photo(), "AVIF")


def box(name: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4) + name + content


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_file_without_metadata_stays_as_it_is(mode: str) -> None:
    data = encode(photo(mode=mode), "AVIF")
    file = read(data)
    assert file.content is data
    assert (file.type, file.width, file.height) == ("image/avif", *size_of(data))
    assert (file.frames, file.orientation) == (1, 1)


def test_exif_and_xmp_are_filled_with_zeros() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode(photo(), "AVIF", exif=exif(), xmp=SECRET * 20, icc_profile=profile)
    file = read(data)
    assert SECRET in data
    assert SECRET not in file.content
    assert len(file.content) == len(data)
    shown = decode(file.content)
    assert shown.tobytes() == decode(data).tobytes()
    assert shown.info["icc_profile"] == profile
    assert "exif" not in shown.info
    assert "xmp" not in shown.info
    assert read(file.content).content is file.content


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_turn_is_the_orientation_of_exif(orientation: int) -> None:
    """Pillow writes the orientation as the properties `irot` and `imir`."""
    file = read(encode(photo(), "AVIF", exif=exif(orientation)))
    assert file.orientation == orientation
    assert (file.width, file.height) == (64, 48)


def test_an_animation_has_its_frames() -> None:
    data = animation("AVIF", 4)
    file = read(data)
    assert (file.frames, file.width, file.height) == (4, 60, 40)
    assert decode(file.content).n_frames == 4  # type: ignore[attr-defined]  # of the plugin


def test_other_boxes_are_filled_with_zeros() -> None:
    for name in (b"uuid", b"free", b"udta", b"SECR"):
        cleared = read(AVIF + box(name, SECRET)).content
        assert cleared == AVIF + box(b"free", bytes(len(SECRET)))
        assert read(cleared).content is cleared


@pytest.mark.parametrize("end", [40, 100, 200, 300, len(AVIF) - 1])
def test_a_truncated_file_is_refused(end: int) -> None:
    assert "damaged" in damage_of(AVIF[:end])


@pytest.mark.parametrize("name", [b"pitm", b"iloc", b"iprp", b"ipco", b"ipma", b"ispe"])
def test_a_file_without_a_needed_box_is_refused(name: bytes) -> None:
    assert "damaged" in damage_of(AVIF.replace(name, b"free"))


def test_bytes_behind_the_last_box_are_refused() -> None:
    assert "end is missing" in damage_of(AVIF + b"<html><script>alert(1)</script>")


def test_an_item_outside_the_data_is_refused() -> None:
    at = AVIF.index(b"mdat")
    assert "not inside" in damage_of(AVIF[:at] + b"mdta" + AVIF[at + 4 :])


def test_other_files_of_the_same_container_are_refused() -> None:
    heic = box(b"ftyp", b"heic\0\0\0\0mif1heic") + AVIF[32:]
    assert "HEIC" in refusal_of(heic).message
    assert "video" in refusal_of(box(b"ftyp", b"isom\0\0\0\0mp42")).message
