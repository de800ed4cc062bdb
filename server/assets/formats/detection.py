"""Finds the format of a file by its first bytes, and reads the file in that format.

The name and the `Content-Type` of an upload are not used: a client may send any.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from collab.errors import Code, Rejected
from server.assets.formats import avif, gif, jpeg, png, svg, webp
from server.assets.formats.picture_file import PictureFile, damaged, truncated

# Other files that users often have, by their first bytes and the place of these.
_OTHERS: Final = (
    (0, b"%PDF", "a PDF"),
    (0, b"BM", "a BMP"),
    (0, b"II*\0", "a TIFF or a raw photo"),
    (0, b"MM\0*", "a TIFF or a raw photo"),
    (0, b"\0\0\1\0", "an icon (ICO)"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"\x1f\x8b", "compressed (gzip or SVGZ)"),
    (0, b"PK\3\4", "a ZIP archive or an office document"),
    (4, b"ftyphei", "an HEIC"),
    (4, b"ftyphev", "an HEIC"),
    (4, b"ftypmif1", "an HEIC"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
)


def read_picture_file(data: bytes) -> PictureFile:
    """Return the picture file without metadata. Nothing is decoded.

    Refuse other files with `unsupported_media_type`, and damaged pictures with `invalid_asset`.
    """
    read = _reader_of(data)
    if read is not None:
        try:
            return read(data)
        except (struct.error, IndexError) as error:
            raise truncated() from error
    for at, start, name in _OTHERS:
        if data.startswith(start, at):
            raise Rejected(
                Code.UNSUPPORTED_MEDIA_TYPE,
                f"the file is {name}; send PNG, JPEG, WebP, AVIF, GIF or SVG",
            )
    raise svg.no_picture()


def _reader_of(data: bytes) -> Callable[[bytes], PictureFile] | None:
    if data.startswith(png.SIGNATURE):
        return png.read_png
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.read_jpeg
    if data.startswith(gif.SIGNATURES):
        return gif.read_gif
    if webp.is_webp(data):
        return webp.read_webp
    if avif.is_avif(data):
        return avif.read_avif
    return _read_svg if svg.is_text_with_tags(data) else None


def _read_svg(data: bytes) -> PictureFile:
    return svg.read_svg(data, _read_inner)


def _read_inner(data: bytes) -> PictureFile:
    """Return a picture inside an SVG. Only pictures with pixels may be there."""
    if svg.is_text_with_tags(data):
        raise damaged("a picture inside it is not one with pixels")
    try:
        return read_picture_file(data)
    except Rejected as rejected:
        raise damaged(f"a picture inside it: {rejected.refusal.message}") from rejected
