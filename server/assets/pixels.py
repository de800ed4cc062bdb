"""Decodes the pixels of a picture with Pillow: to prove that it is whole, and to make its copies.

Only the child process imports this module (`server/assets/child.py`).
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from typing import Any, Final

from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from collab.errors import Code, Rejected
from collab.ports.assets import WIDTHS
from server.assets.exchange import Prepared
from server.assets.formats.orientation import turns_sideways
from server.assets.formats.picture_file import PictureFile, damaged

# Pillow imports these only when a picture needs them. Then it is too late.
_USED_LATER: Final = (ImageOps, TiffImagePlugin)
# `Image.open` would import each plugin of Pillow when a file is damaged.
_OPEN: Final[dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]]] = {
    "AVIF": AvifImagePlugin.AvifImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}
# Errors that Pillow raises for the content of a file.
_DAMAGED: Final = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError),
    *(OverflowError, ZeroDivisionError, AttributeError, struct.error, Image.DecompressionBombError),
)
_WEBP: Final[dict[str, Any]] = {"format": "WEBP", "quality": 80, "method": 4}
# How a picture is turned, by its EXIF orientation.
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The quality of a turned picture whose own tables cannot be used.
_TURNED: Final = 92
_LONGEST_WEBP: Final = 16_383
# A profile of this size or less stays in the copies. A larger one is for a printer.
_SMALL_PROFILE: Final = 16 * 1024
# The table from 16 bits to 8 bits.
_HIGH_BYTES: Final = [level >> 8 for level in range(65_536)]


def set_limits(pixels: int) -> None:
    """Let Pillow refuse larger pictures too, and decode with one thread."""
    Image.MAX_IMAGE_PIXELS = pixels
    warnings.simplefilter("ignore")
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def prepare_pixels(file: PictureFile) -> Prepared:
    """Decode the whole picture. Return it upright, with its smaller copies.

    An SVG has no pixels. A browser draws it at each size.
    """
    if file.format == "SVG":
        return Prepared(file.type, file.width, file.height, file.content)
    try:
        with _OPEN[file.format](io.BytesIO(file.content)) as image:
            if image.size != (file.width, file.height):
                raise damaged("its size is not the size in its header")
            if file.frames > 1 or getattr(image, "n_frames", 1) > 1:
                return _animation(file, image)
            return _still(file, image)
    except MemoryError as error:
        raise Rejected(Code.INVALID_ASSET, "the picture needs too much memory") from error
    except _DAMAGED as error:
        raise damaged("it cannot be decoded") from error


def _animation(file: PictureFile, image: Image.Image) -> Prepared:
    """Decode each frame. Copies of an animation would be larger than the animation itself."""
    for index in range(getattr(image, "n_frames", 1)):
        image.seek(index)
        image.load()
    # Only an AVIF turns its frames by itself. The metadata that turns others is removed.
    size = _upright_size(file) if file.format == "AVIF" else (file.width, file.height)
    return Prepared(file.type, *size, file.content)


def _still(file: PictureFile, image: Image.Image) -> Prepared:
    must_turn = file.orientation != 1 and file.format != "AVIF"
    if file.format == "JPEG" and not must_turn:
        # The decoder makes a picture of half the size or less; it still reads all of the file.
        image.draft(image.mode, (max(WIDTHS), max(1, file.height * max(WIDTHS) // file.width)))
    image.load()
    upright, content = image, file.content
    if file.orientation != 1:
        upright = image.transpose(_TURNS[file.orientation])
    if must_turn:
        content = _encode(upright, file, image)
    size = _upright_size(file)
    return Prepared(file.type, *size, content, _copies(upright, size, len(content)))


def _upright_size(file: PictureFile) -> tuple[int, int]:
    is_sideways = turns_sideways(file.orientation)
    return (file.height, file.width) if is_sideways else (file.width, file.height)


def _encode(upright: Image.Image, file: PictureFile, image: Image.Image) -> bytes:
    """Return the turned picture as a file of the same format."""
    out = io.BytesIO()
    profile: dict[str, Any] = {"icc_profile": image.info.get("icc_profile"), "exif": b""}
    if file.format == "JPEG" and isinstance(image, JpegImagePlugin.JpegImageFile):
        # The tables of the file keep its quality and its size.
        subsampling = JpegImagePlugin.get_sampling(image)
        own = {"qtables": image.quantization, "subsampling": 2 if subsampling == 2 else 0}
        profile["progressive"] = "progressive" in image.info
        try:
            upright.save(out, "JPEG", **profile, **own)
        except (ValueError, TypeError, OSError):
            out = io.BytesIO()
            upright.save(out, "JPEG", quality=_TURNED, **profile)
    elif file.format == "WEBP":
        upright.save(out, "WEBP", quality=_TURNED, lossless=file.is_lossless, **profile)
    else:
        upright.save(out, file.format, **profile)
    return out.getvalue()


def _copies(image: Image.Image, size: tuple[int, int], most: int) -> dict[int, bytes]:
    """Return the copies by their width. Each one has fewer bytes than the picture itself."""
    found: dict[int, bytes] = {}
    profile = image.info.get("icc_profile") or b""
    for width in sorted(WIDTHS, reverse=True):
        height = max(1, round(size[1] * width / size[0]))
        if width >= size[0] or height > _LONGEST_WEBP:
            continue
        image = _resized(image, (width, height))
        out = io.BytesIO()
        shown, kept = _for_screens(image, profile)
        shown.save(out, icc_profile=kept, exif=b"", xmp=b"", **_WEBP)
        if out.tell() < most:
            found[width] = out.getvalue()
    return found


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    info = image.info
    if image.has_transparency_data and image.mode not in {"RGBA", "LA"}:
        image = image.convert("RGBA")
    elif image.mode not in {"L", "LA", "RGB", "RGBA", "CMYK", "I;16"}:
        image = image.convert("RGB")
    resized = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if resized.mode == "I;16":
        resized = resized.convert("I").point(_HIGH_BYTES, "L")
    resized.info = {name: info[name] for name in ("icc_profile",) if name in info}
    return resized


def _for_screens(image: Image.Image, profile: bytes) -> tuple[Image.Image, bytes]:
    """Return the picture in RGB, and the profile that belongs to it; empty for sRGB."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if not profile:
        return image.convert(mode), b""
    if profile[16:20] == b"RGB " and image.mode == mode and len(profile) <= _SMALL_PROFILE:
        return image, profile
    try:
        of_file = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        shown = ImageCms.profileToProfile(image, of_file, srgb, outputMode=mode)
    except (ImageCms.PyCMSError, *_DAMAGED):
        shown = None
    return (shown or image).convert(mode), b""
