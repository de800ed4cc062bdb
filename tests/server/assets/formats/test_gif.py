"""GIF: sizes, kept blocks, and files that are refused."""

from __future__ import annotations

import pytest

from tests.server.assets.samples import SECRET, animation, damage_of, decode, encode, photo, read

GIF = encode(photo(), "GIF")
FIRST = GIF.index(b"\x2c\0\0\0\0")


def blocks(content: bytes) -> bytes:
    pieces = [content[at : at + 255] for at in range(0, len(content), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


def test_a_file_without_metadata_stays_as_it_is() -> None:
    for data in (GIF, animation("GIF", 6), GIF.replace(b"GIF87a", b"GIF89a")):
        assert read(data).content is data
    assert (read(GIF).type, read(GIF).width, read(GIF).height) == ("image/gif", 64, 48)
    assert (read(GIF).frames, read(animation("GIF", 6)).frames) == (1, 6)


def test_comments_texts_and_unknown_extensions_are_removed() -> None:
    comment = b"\x21\xfe" + blocks(SECRET * 99)
    text = b"\x21\x01" + blocks(bytes(12))[:-1] + blocks(SECRET)
    xmp = b"\x21\xff\x0bXMP DataXMP" + blocks(SECRET * 200)
    data = GIF[:FIRST] + comment + text + xmp + GIF[FIRST:-1] + comment + b";"
    file = read(data)
    assert file.content == GIF
    assert decode(file.content).tobytes() == decode(GIF).tobytes()


def test_the_loop_of_an_animation_is_kept() -> None:
    data = animation("GIF", 3)
    assert b"NETSCAPE2.0" in read(data).content
    other = data.replace(b"NETSCAPE2.0\x03\x01", b"NETSCAPE2.0\x03\x02")
    assert b"NETSCAPE2.0" not in read(other).content


def test_bytes_behind_the_end_are_dropped() -> None:
    assert read(GIF + b"*/alert(1)//").content == GIF


@pytest.mark.parametrize("end", [6, 9, 12, 20, FIRST + 1, FIRST + 10, FIRST + 12, -2, -1])
def test_a_truncated_file_is_refused(end: int) -> None:
    assert "end is missing" in damage_of(GIF[:end])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (GIF[:FIRST] + b"?" + GIF[FIRST:], "unknown kind"),
        (GIF[:FIRST] + b";", "no image"),
        (GIF[: FIRST + 1] + b"\1" + GIF[FIRST + 2 :], "not inside"),
        (GIF[: FIRST + 5] + b"\0" + GIF[FIRST + 6 :], "not inside"),
        (GIF[:FIRST] + b"\x21\xfe\0" * 20_001 + GIF[FIRST:], "more than 20000 blocks"),
    ],
)
def test_a_damaged_file_is_refused(data: bytes, reason: str) -> None:
    assert reason in damage_of(data)
