"""WebP: sizes, kept chunks, and files that are refused."""

from __future__ import annotations

from typing import Any

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
    size_of,
)

LOSSY: dict[str, Any] = {}
LOSSLESS = {"lossless": True}


def chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


@pytest.mark.parametrize("options", [LOSSY, LOSSLESS], ids=["lossy", "lossless"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_file_without_metadata_stays_as_it_is(mode: str, options: dict[str, Any]) -> None:
    image = photo(mode=mode)
    if mode == "RGBA":
        image.putalpha(image.getchannel(0))
    data = encode(image, "WEBP", **options)
    file = read(data)
    assert file.content is data
    assert (file.type, file.width, file.height) == ("image/webp", *size_of(data))
    assert file.is_lossless == bool(options)


@pytest.mark.parametrize("options", [LOSSY, LOSSLESS], ids=["lossy", "lossless"])
def test_exif_and_xmp_are_removed(options: dict[str, Any]) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode(photo(), "WEBP", exif=exif(3), xmp=SECRET, icc_profile=profile, **options)
    file = read(data)
    assert SECRET in data
    assert SECRET not in file.content
    assert file.orientation == 3
    shown = decode(file.content)
    assert shown.info["icc_profile"] == profile
    assert shown.tobytes() == decode(data).tobytes()
    assert read(file.content).content is file.content
    assert int.from_bytes(file.content[4:8], "little") == len(file.content) - 8


def test_the_flags_of_removed_chunks_are_cleared() -> None:
    content = read(encode(photo(), "WEBP", exif=exif(), xmp=SECRET)).content
    assert content[12:16] == b"VP8X"
    assert content[20] & 0x0C == 0


def test_unknown_chunks_and_bytes_behind_the_end_are_dropped() -> None:
    plain = encode(photo(), "WEBP")
    assert read(riff(plain[12:], chunk(b"SECR", SECRET))).content == plain
    assert read(plain + b"<script>").content == plain


def test_an_animation_keeps_its_frames_without_other_chunks() -> None:
    data = animation("WEBP", 4)
    assert (read(data).frames, read(data).content) == (4, data)
    at = data.index(b"ANMF")
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    frame = data[at + 8 : at + 8 + size] + chunk(b"SECR", SECRET)
    rest = data[at + 8 + size + size % 2 :]
    longer = riff(data[12:at], chunk(b"ANMF", frame), rest)
    assert read(longer).content == data


@pytest.mark.parametrize("end", [13, 19, 24, 40, -1])
def test_a_truncated_file_is_refused(end: int) -> None:
    for options in (LOSSY, LOSSLESS):
        assert "end is missing" in damage_of(encode(photo(), "WEBP", **options)[:end])


def vp8x(width: int, height: int, flags: int = 0) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size)


PIXELS = encode(photo(), "WEBP")[12:]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (riff(vp8x(64, 47), PIXELS), "not the size in its header"),
        (riff(vp8x(64, 48), PIXELS, PIXELS), "more than one"),
        (riff(vp8x(64, 48)), "no picture"),
        (riff(vp8x(64, 48, 2)), "no picture"),
        (riff(vp8x(10, 10, 2), chunk(b"ANMF", bytes(16) + PIXELS)), "another size"),
        (riff(vp8x(10, 10, 2), chunk(b"ANMF", b"\xff" * 16)), "not inside"),
        (riff(chunk(b"VP8 ", b"nonsense")), "no header"),
        (riff(chunk(b"VP8X", b"")), "too short"),
        (riff(chunk(b"SECR", b"")), "no header"),
        (riff(*[chunk(b"SECR", b"")] * 20_001), "more than 20000 chunks"),
    ],
)
def test_a_damaged_file_is_refused(data: bytes, reason: str) -> None:
    assert reason in damage_of(data)
