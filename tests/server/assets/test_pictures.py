"""Uploaded pictures, from their bytes to what the server stores."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from collab.errors import Code, Rejected
from server.assets.pictures import PictureBounds, Pictures


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    return file.getvalue()


async def test_a_picture_has_its_type_and_size() -> None:
    prepared = await Pictures(PictureBounds()).prepare(png(40, 30))
    assert (prepared.type, prepared.width, prepared.height) == ("image/png", 40, 30)
    assert prepared.content == png(40, 30)


async def test_a_page_named_png_is_no_picture() -> None:
    with pytest.raises(Rejected) as refused:
        await Pictures(PictureBounds()).prepare(b"<!doctype html><p>Hello")
    assert refused.value.refusal.code is Code.UNSUPPORTED_MEDIA_TYPE
