"""What the server and its child process send one another about a picture.

The server sends the length of the file, and the file. The child sends one byte when it has begun.
Then it sends the length of a header, the header, and the bytes that the header announces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec import Struct

from collab.errors import Code
from collab.ports.assets import WIDTHS

# The exit status of a child process whose picture took too long.
TOO_SLOW: Final = 3
# The media types of pictures.
TYPES: Final = frozenset(
    f"image/{name}" for name in ("png", "jpeg", "webp", "avif", "gif", "svg+xml")
)
READY: Final = b"R"
BEGUN: Final = b"B"
# Bytes of a length on the wire.
LENGTH: Final = 8
MAX_HEADER: Final = 64 * 1024
# Bytes of a turned picture, and of all copies. The server refuses a longer answer.
MAX_ANSWER: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PictureBounds:
    """The limits of one picture: pixels of its area, and seconds of CPU to read it.

    On a busy machine the same picture takes longer. So the server waits `patience` seconds.
    """

    pixels: int = 50_000_000
    seconds: float = 5.0

    @property
    def patience(self) -> float:
        return 4 * self.seconds

    @property
    def memory(self) -> int:
        """Bytes of address space for the child process."""
        return 384 * 1024 * 1024 + 24 * self.pixels


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture without metadata: its media type, its size, its bytes, and its smaller copies.

    `widths` has WebP files by their width. It has only widths below the width of the picture.
    """

    type: str
    width: int
    height: int
    content: bytes
    widths: Mapping[int, bytes] = field(default_factory=dict)


class Answer(Struct, frozen=True, tag=True, tag_field="kind"):
    """The header of a prepared picture. `size` is the bytes of the content; None: the upload."""

    type: str
    width: int
    height: int
    size: int | None
    widths: dict[int, int]

    @property
    def is_possible(self) -> bool:
        """Whether a sound child process could send this. The server uses no other answer."""
        sizes = [self.size or 0, *self.widths.values()]
        return (
            self.type in TYPES
            and min(self.width, self.height) > 0
            and self.widths.keys() <= set(WIDTHS)
            and min(sizes) >= 0
            and sum(sizes) <= MAX_ANSWER
        )


class Refused(Struct, frozen=True, tag=True, tag_field="kind"):
    """The header of a refusal."""

    code: Code
    message: str


encode_header: Final = msgspec.msgpack.Encoder().encode
_decoder: Final[msgspec.msgpack.Decoder[Answer | Refused]] = msgspec.msgpack.Decoder(
    Answer | Refused
)


def decode_header(raw: bytes) -> Answer | Refused:
    """Return the header of an answer. Raise `msgspec.MsgspecError` when it is not one."""
    return _decoder.decode(raw)


def parts_of(prepared: Prepared, body: bytes) -> list[bytes]:
    """Return what the child sends for a picture: the header, and the bytes that follow it."""
    content = prepared.content
    is_new = content is not body and content != body
    header = Answer(
        *(prepared.type, prepared.width, prepared.height, len(content) if is_new else None),
        {width: len(copy) for width, copy in prepared.widths.items()},
    )
    return [encode_header(header), *([content] if is_new else []), *prepared.widths.values()]
