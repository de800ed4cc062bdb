"""Boxes of ISO media files: walks, and removals in place."""

from __future__ import annotations

import pytest

from collab.errors import Rejected
from server.assets.formats.iso_boxes import IsoFile


def box(name: bytes, content: bytes = b"") -> bytes:
    return (len(content) + 8).to_bytes(4) + name + content


def names(data: bytes) -> list[bytes]:
    return [each.name for each in IsoFile(data).boxes(0, len(data))]


def test_boxes_with_each_kind_of_length_are_read() -> None:
    long = b"\0\0\0\1long" + (20).to_bytes(8) + b"abcd"
    rest = b"\0\0\0\0rest" + b"to the end"
    assert names(box(b"aaaa") + long + box(b"bbbb", b"x") + rest) == [
        *(b"aaaa", b"long", b"bbbb", b"rest")
    ]


def test_inner_boxes_are_found_by_name_and_the_first_counts() -> None:
    data = box(b"meta", b"\0\0\0\0" + box(b"aaaa", b"1") + box(b"aaaa", b"22"))
    file = IsoFile(data)
    inner = file.inner(next(file.boxes(0, len(data))), skip=4)
    assert data[inner[b"aaaa"].at : inner[b"aaaa"].end] == b"1"


def test_a_removal_moves_no_byte() -> None:
    data = box(b"aaaa", b"1") + box(b"bbbb", b"2")
    file = IsoFile(data)
    first, _ = file.boxes(0, len(data))
    assert file.content is data
    file.remove(first)
    assert file.content == box(b"free", b"\0") + box(b"bbbb", b"2")


def test_an_empty_free_box_stays() -> None:
    data = box(b"free", bytes(5))
    file = IsoFile(data)
    file.remove(next(file.boxes(0, len(data))))
    assert file.content is data


@pytest.mark.parametrize(
    "data",
    [b"\0\0", b"\0\0\0\7aaaa", b"\0\0\0\x09aaaa", b"\0\0\0\1aaaa", box(b"a" * 4) * 20_001],
    ids=["short", "less than a header", "longer than the file", "no long length", "very many"],
)
def test_damaged_boxes_are_refused(data: bytes) -> None:
    with pytest.raises(Rejected):
        names(data)


def test_numbers_behind_the_end_are_refused() -> None:
    assert IsoFile(b"\0\1\0\2").numbers("HH", 0) == (1, 2)
    with pytest.raises(Rejected):
        IsoFile(b"\0\1\0\2").numbers("HH", 1)
