"""The format of a file, by its bytes alone."""

from __future__ import annotations

import gzip

import pytest
from PIL import Image

from collab.errors import Code
from tests.server.assets.samples import FORMATS, encode, photo, read, refusal_of, svg


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_found(name: str) -> None:
    assert read(encode(photo(), name)).format == name


def test_svg_is_found_with_what_may_stand_before_it() -> None:
    for start in (b"", b"\xef\xbb\xbf", b"\n \n", b"<?xml version='1.0'?>", b"<!-- a -->"):
        assert read(start.strip() + svg()).format == "SVG"


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (b"<!doctype html><p>Hello", "not a picture"),
        (b"<html><body><svg></svg></body></html>", "not a picture"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "not a picture"),
        (b"<svg/>", "not a picture"),
        (b"\x00" * 100, "not a picture"),
        (b"%PDF-1.7", "a PDF"),
        (encode(photo(), "BMP"), "a BMP"),
        (encode(photo(), "TIFF"), "a TIFF"),
        (encode(Image.new("RGB", (16, 16)), "ICO"), "an icon"),
        (gzip.compress(svg()), "compressed"),
        (b"PK\3\4", "a ZIP"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    ],
)
def test_other_files_are_named_in_the_refusal(data: bytes, named: str) -> None:
    refusal = refusal_of(data)
    assert refusal.code is Code.UNSUPPORTED_MEDIA_TYPE
    assert named in refusal.message


def test_each_kind_of_bytes_is_read_or_refused() -> None:
    for name in FORMATS:
        data = encode(photo(), name)
        for end in range(64):
            assert refusal_of(data[:end]).code in {Code.UNSUPPORTED_MEDIA_TYPE, Code.INVALID_ASSET}
