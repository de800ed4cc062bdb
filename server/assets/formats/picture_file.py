"""A picture file as its reader describes it: type, size, and the bytes without metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collab.errors import Code, Rejected

# Bytes of a color profile. Larger ones are removed: browsers then assume sRGB.
MAX_PROFILE: Final = 4 * 1024 * 1024
# Pixels of a side. Browsers do not draw longer pictures.
MAX_SIDE: Final = 65_535
# Frames of an animation, and the pixels of all its frames as a multiple of the limit for a picture.
MAX_FRAMES: Final = 2_000
FRAME_PIXELS: Final = 4


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture file without metadata.

    `format` is Pillow's name of the format. `width` and `height` are the stored size. `orientation`
    is the number of EXIF that says how a viewer turns the stored pixels. `inner` has the pictures
    inside a drawing.
    """

    format: str
    width: int
    height: int
    content: bytes
    orientation: int = 1
    frames: int = 1
    is_lossless: bool = False
    inner: tuple[PictureFile, ...] = ()

    @property
    def type(self) -> str:
        return "image/svg+xml" if self.format == "SVG" else f"image/{self.format.lower()}"


class KeptRanges:
    """Joins the kept ranges of a file. Without a removal, the result is the file itself."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parts: list[memoryview | bytes] = []
        self._view = memoryview(data)
        self._start = self._end = 0
        self._is_whole = True

    def keep(self, start: int, end: int) -> None:
        """Keep the bytes from `start` to `end`, which follow the kept bytes before them."""
        if start != self._end:
            self._flush()
            self._start = start
            self._is_whole = False
        self._end = end

    def put(self, content: bytes, start: int, end: int) -> None:
        """Put other bytes in place of the range from `start` to `end`."""
        if content == self._view[start:end]:
            self.keep(start, end)
            return
        self._flush()
        self._parts.append(content)
        self._start = self._end = end
        self._is_whole = False

    def joined(self) -> bytes:
        """Return the kept bytes as one."""
        if self._is_whole and self._end == len(self._data):
            return self._data
        self._flush()
        return b"".join(self._parts)

    def _flush(self) -> None:
        if self._end > self._start:
            self._parts.append(self._view[self._start : self._end])


def damaged(reason: str) -> Rejected:
    """Return the refusal of a file that has the right type but wrong content."""
    return Rejected(Code.INVALID_ASSET, f"the picture is damaged: {reason}")


def truncated() -> Rejected:
    """Return the refusal of a file without its last bytes."""
    return damaged("its end is missing; send the whole file")


def check_size(file: PictureFile, pixels: int) -> None:
    """Refuse a picture or an animation that has too many pixels. Nothing is decoded yet.

    Of a drawing, only the pictures inside it count.
    """
    for inner in file.inner:
        check_size(inner, pixels)
    if file.format == "SVG":
        return
    width, height = file.width, file.height
    if not width or not height:
        raise damaged("its width or height is zero")
    if width * height > pixels or max(width, height) > MAX_SIDE:
        raise Rejected(
            Code.INVALID_ASSET,
            f"the picture has {width} x {height} pixels; "
            f"at most {pixels} pixels, and {MAX_SIDE} on a side, are allowed",
        )
    if file.frames > MAX_FRAMES or file.frames * width * height > FRAME_PIXELS * pixels:
        raise Rejected(
            Code.INVALID_ASSET,
            f"the animation has {file.frames} frames of {width} x {height} pixels; "
            f"at most {MAX_FRAMES} frames and {FRAME_PIXELS * pixels} pixels are allowed",
        )
