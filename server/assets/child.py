"""The child process that reads pictures, `python -m server.assets.child PIXELS MEMORY SECONDS`.

It imports the decoders once. For each picture it forks a process with limits, which reads one
picture and ends. So a picture that crashes its process, or takes it over, reaches no other picture.
The fork takes 1 to 2 ms. This process itself reads no byte of a picture.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import socket
import sys
from typing import Final, NoReturn

from PIL import Image, ImageCms

from collab.errors import Code, Rejected
from server.assets.exchange import BEGUN, LENGTH, READY, TOO_SLOW, Refused, encode_header, parts_of
from server.assets.formats.detection import read_picture_file
from server.assets.formats.picture_file import check_size
from server.assets.limits import end_with_parent, limit_this_process
from server.assets.pixels import prepare_pixels, set_limits

_SOCKET: Final = 0
_PIECE: Final = 1024 * 1024


def main(pixels: int, memory: int, seconds: float) -> None:
    """Read pictures until the server closes the socket, or until a process has crashed."""
    end_with_parent(os.getppid())
    set_limits(pixels)
    _warm_up()
    gc.freeze()
    waiting = socket.socket(fileno=_SOCKET)
    _write(READY)
    while waiting.recv(1, socket.MSG_PEEK):
        me, child = os.getpid(), os.fork()
        if not child:
            _read_one(me, pixels, memory, seconds)
        _, status = os.waitpid(child, 0)
        if status:
            is_slow = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
            os._exit(TOO_SLOW if is_slow else 1)
    os._exit(0)


def _read_one(parent: int, pixels: int, memory: int, seconds: float) -> NoReturn:
    """Read one picture with limits, answer, and end this process."""
    status = 1
    try:
        end_with_parent(parent)
        _write(BEGUN)
        limit_this_process(memory, seconds)
        body = _read(int.from_bytes(_read(LENGTH)))
        header, *contents = answer(body, pixels)
        _write(len(header).to_bytes(LENGTH) + header)
        for content in contents:
            _write(content)
        status = 0
    finally:
        os._exit(status)


def answer(body: bytes, pixels: int) -> list[bytes]:
    """Return the header and the contents of the answer for a picture."""
    try:
        file = read_picture_file(body)
        check_size(file, pixels)
        return parts_of(prepare_pixels(file), body)
    except Rejected as rejected:
        return [encode_header(Refused(rejected.refusal.code, rejected.refusal.message))]
    except (MemoryError, RecursionError):
        refusal = Refused(Code.INVALID_ASSET, "the picture needs too much memory")
    except Exception:  # a mistake of a parser; the picture is not sound, or very unusual
        refusal = Refused(Code.INVALID_ASSET, "the picture is damaged: it cannot be read")
    return [encode_header(refusal)]


def _warm_up() -> None:
    """Load everything that the forked processes need: they can open no file."""
    image = Image.new("RGB", (8, 8))
    for name in ("PNG", "JPEG", "GIF", "WEBP", "AVIF"):
        out = io.BytesIO()
        image.save(out, name)
        answer(out.getvalue(), 64)
    answer(b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/>", 64)
    srgb = ImageCms.createProfile("sRGB")
    ImageCms.profileToProfile(image, srgb, srgb)


def _read(size: int) -> bytes:
    parts, left = list[bytes](), size
    while left:
        part = os.read(_SOCKET, min(left, _PIECE))
        if not part:
            os._exit(1)
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _write(content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(_SOCKET, left) :]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
