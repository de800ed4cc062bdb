"""PNG and APNG: sizes, kept chunks, and files that are refused."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from server.assets.formats.picture_file import check_size
from tests.server.assets.samples import (
    SECRET,
    animation,
    chunk,
    damage_of,
    decode,
    encode,
    exif,
    photo,
    png,
    read,
)


def profile_chunk(size: int) -> bytes:
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(size)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_file_without_metadata_stays_as_it_is(mode: str) -> None:
    image = photo().convert("I").convert("I;16") if mode == "I;16" else photo(mode=mode)
    data = encode(image, "PNG")
    file = read(data)
    assert file.content is data
    assert (file.type, file.width, file.height) == ("image/png", 64, 48)


def test_texts_times_and_exif_are_removed() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Secret")
    info.add_text("Comment", "Secret" * 99, zip=True)
    info.add_itxt("Place", "Secret")
    info.add(b"tIME", b"Secret!")
    info.add(b"prVt", SECRET, after_idat=True)
    data = encode(photo(), "PNG", pnginfo=info, exif=exif(6), icc_profile=b"")
    file = read(data)
    assert SECRET in data
    assert SECRET not in file.content
    assert file.orientation == 6
    assert decode(file.content).info == {}
    assert decode(file.content).tobytes() == photo().tobytes()


def test_what_changes_the_look_is_kept() -> None:
    look = [
        chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"tRNS", b"\0\0"),
        chunk(b"cICP", b"\x09\x10\0\1"),
        profile_chunk(300),
    ]
    data = png(3, 2, *look)
    assert read(data).content is data


def test_bytes_behind_the_end_are_dropped() -> None:
    assert read(png(3, 2) + b"<script>alert(1)</script>").content == png(3, 2)


def test_a_profile_that_is_a_bomb_is_dropped() -> None:
    assert read(png(3, 2, profile_chunk(50_000_000))).content == png(3, 2)
    assert read(png(3, 2, chunk(b"iCCP", b"name\0\0no zlib"))).content == png(3, 2)


def test_an_optional_chunk_with_a_wrong_checksum_is_dropped() -> None:
    wrong = chunk(b"gAMA", b"\0\0\0\1")[:-1] + b"?"
    assert read(png(3, 2, wrong)).content == png(3, 2)


def test_an_animation_has_its_frames_and_stays() -> None:
    data = animation("PNG", 5)
    assert (read(data).frames, read(data).content) == (5, data)


@pytest.mark.parametrize("end", [1, 8, 11, 12, 30, 40, -1, -12, -20])
def test_a_truncated_file_is_refused(end: int) -> None:
    assert "end is missing" in damage_of(encode(photo(), "PNG")[: end if end < 0 else end + 8])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (png(3, 2).replace(b"IHDR", b"IHDS"), "unknown"),
        (png(3, 2, chunk(b"IHDR", bytes(13))), "header is not the first"),
        (png(3, 2, chunk(b"CgBI", bytes(4))), "unknown"),
        (png(3, 2, chunk(b"acTL", struct.pack(">II", 2, 0))), "another number of frames"),
        (png(3, 2, chunk(b"fcTL", struct.pack(">IIIII", 0, 3, 2, 1, 0))), "not inside"),
        (png(3, 2, chunk(b"fcTL", b"\0")), "too short"),
        (png(3, 2, *[chunk(b"aaAa")] * 100_001), "more than 100000 chunks"),
        (png(3, 2)[:-17] + b"?" + png(3, 2)[-16:], "wrong checksum"),
    ],
)
def test_a_damaged_file_is_refused(data: bytes, reason: str) -> None:
    assert reason in damage_of(data)


def test_a_bomb_is_known_before_it_is_decoded() -> None:
    file = read(png(50_000, 50_000, pixels=zlib.compress(bytes(1000))))
    with pytest.raises(Exception, match="50000 x 50000 pixels"):
        check_size(file, 50_000_000)


def test_pillow_reads_the_same_size() -> None:
    for size in ((1, 1), (7, 300), (300, 7)):
        data = encode(Image.new("L", size), "PNG")
        assert (read(data).width, read(data).height) == decode(data).size == size
