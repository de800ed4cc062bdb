"""A child process in which some pictures do what a mistake of a decoder could do.

The tests of the server's side start it in place of `server.assets.child`.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from collab.errors import Code, Rejected
from server.assets import child
from server.assets.exchange import Answer, encode_header
from server.assets.formats import detection
from server.assets.formats.picture_file import PictureFile

_ANSWER: Final = child.answer


def read_picture_file(body: bytes) -> PictureFile:
    match body:
        case b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"work forever":
            while True:
                pass
        case b"wait forever":
            signal.pause()
        case b"use all memory":
            raise said(f"got {len(bytes(2**40))} bytes")
        case b"use half a gigabyte":
            raise said(f"got {len(bytes(2**29))} bytes")
        case b"reach out":
            raise said(", ".join(reached()) or "reached nothing")
        case b"environment":
            raise said(" ".join(sorted(os.environ)))
    return detection.read_picture_file(body)


def answer(body: bytes, pixels: int) -> list[bytes]:
    match body:
        case b"nonsense":
            return [b"no header"]
        case b"a long header":
            return [bytes(100_000)]
        case b"a long content":
            return [encode_header(Answer("image/png", 1, 1, 2**40, {}))]
        case b"a short content":
            return [encode_header(Answer("image/png", 1, 1, -1, {480: 1}))]
    return _ANSWER(body, pixels)


def said(text: str) -> Rejected:
    return Rejected(Code.INVALID_ASSET, text)


def reached() -> list[str]:
    """Return what this process could reach."""
    tried: dict[str, Any] = {
        "a file": lambda: Path("/etc/passwd").read_bytes(),
        "a new file": lambda: Path("/tmp/weft-unsound").write_bytes(b"x"),
        "the network": socket.socket,
        "a pipe": os.pipe,
        "its parent's memory": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    }
    found = []
    for name, reach in tried.items():
        with suppress(OSError):
            reach()
            found.append(name)
    return found


if __name__ == "__main__":
    vars(child).update(answer=answer, read_picture_file=read_picture_file)
    child.main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
