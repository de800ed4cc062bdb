"""Pictures for the tests, made by Pillow or by hand, and a reader of sizes of its own.

`size_of` is an oracle: it shares no code with the server, and finds the size by simple means.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any, Final

from PIL import Image

from collab.errors import Code, Refusal, Rejected
from server.assets.formats.detection import read_picture_file
from server.assets.formats.picture_file import PictureFile

SECRET: Final = b"Secret"
FORMATS: Final = ("PNG", "JPEG", "WEBP", "AVIF", "GIF")
SVG: Final = "xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'"


def photo(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Return a picture whose four corners differ, so that a turn shows."""
    image = Image.new("RGB", (width, height), "teal")
    image.paste("red", (0, 0, width // 2, height // 2))
    image.paste("yellow", (width // 2, 0, width, height // 2))
    return image.convert(mode)


def encode(image: Image.Image, name: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def decode(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def exif(orientation: int = 1) -> bytes:
    """Return metadata with an orientation and the name of a camera."""
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = SECRET.decode()
    return data.tobytes()


def animation(name: str, frames: int = 3, size: tuple[int, int] = (60, 40)) -> bytes:
    images = [Image.new("RGB", size, (40 * index, 0, 90)) for index in range(frames)]
    options = {} if name == "AVIF" else {"loop": 0}
    return encode(images[0], name, save_all=True, append_images=images[1:], duration=100, **options)


def svg(content: str = "<rect width='3' height='2'/>", root: str = "viewBox='0 0 30 20'") -> bytes:
    return f"<svg {SVG} {root}>{content}</svg>".encode()


def chunk(name: bytes, content: bytes = b"") -> bytes:
    """Return a chunk of a PNG with its checksum."""
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def png(width: int, height: int, *others: bytes, pixels: bytes | None = None) -> bytes:
    """Return a gray PNG. Without `pixels`, all of them are black."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = zlib.compress(bytes((width + 1) * height)) if pixels is None else pixels
    body = b"".join((header, *others, chunk(b"IDAT", rows), chunk(b"IEND")))
    return b"\x89PNG\r\n\x1a\n" + body


def refusal_of(data: bytes) -> Refusal:
    """Return why the reader of the format refuses a file."""
    try:
        file = read_picture_file(data)
    except Rejected as rejected:
        return rejected.refusal
    raise AssertionError(f"the file was read: {file.format} {file.width} x {file.height}")


def damage_of(data: bytes) -> str:
    """Return the message for a picture that is refused, but not for its type."""
    refusal = refusal_of(data)
    assert refusal.code is Code.INVALID_ASSET
    return refusal.message


def read(data: bytes) -> PictureFile:
    return read_picture_file(data)


def size_of(data: bytes) -> tuple[int, int]:
    """Return the stored size of a picture."""
    if data[:4] == b"\x89PNG":
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data[:3] == b"GIF":
        return data[6] + 256 * data[7], data[8] + 256 * data[9]
    if data[:2] == b"\xff\xd8":
        return _size_of_jpeg(data)
    if data[8:12] == b"WEBP":
        return _size_of_webp(data)
    at = data.index(b"ispe") + 8
    return int.from_bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8])


def _size_of_jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])


def _size_of_webp(data: bytes) -> tuple[int, int]:
    match data[12:16]:
        case b"VP8X":
            width, height = data[24:27], data[27:30]
            return 1 + int.from_bytes(width, "little"), 1 + int.from_bytes(height, "little")
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return 1 + bits % 2**14, 1 + bits // 2**14 % 2**14
    width, height = data[26:28], data[28:30]
    return int.from_bytes(width, "little") % 2**14, int.from_bytes(height, "little") % 2**14
