"""Opening a document in a process of its own: what kills or hangs native code ends only that.

A damaged document is opened here to see what is left of it. The child reads `Asked` from its
standard input and writes `Opened` or `Failed` to its standard output.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

import msgspec
from msgspec import Struct

from collab.document.document import Document
from collab.document.opening import Opening
from collab.entry import Entry
from collab.ports.store import SavedSteps, Snapshot
from collab.yjs.guard import GuardBounds, inspect
from server.runtime.logs import error_sentence

SECONDS: Final = 120.0
# The state as a client would send it, whatever its size.
_AS_A_CLIENT: Final = GuardBounds(update_bytes=0)


class Asked(Struct, frozen=True):
    body: bytes | None  # a snapshot's
    entries: list[Entry]
    epoch: int
    saved: SavedSteps | None = None


class Opened(Struct, frozen=True, tag=True):
    """A document that opens; `refusal` says why the guard would refuse its state, if it would."""

    value: Any
    state: bytes
    snapshot: bytes
    steps: bytes
    refusal: str = ""


class Failed(Struct, frozen=True, tag=True):
    reason: str


_encode = msgspec.msgpack.Encoder().encode
_decode_asked = msgspec.msgpack.Decoder(Asked).decode
_decode_answer: msgspec.msgpack.Decoder[Opened | Failed] = msgspec.msgpack.Decoder(Opened | Failed)


async def open_in_child(asked: Asked) -> Opened | Failed:
    """The document, or why it does not open."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            answer, _ = await process.communicate(_encode(asked))
    except TimeoutError:
        return Failed(f"opening it takes longer than {SECONDS:.0f} s")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        return Failed(f"opening it ended the process ({process.returncode})")
    return _decode_answer.decode(answer)


def open_here(asked: Asked) -> Opened | Failed:
    """The document, opened in this process."""
    try:
        snapshot = None if asked.body is None else Snapshot(0, asked.body)
        document = Document(Opening.of(snapshot, asked.entries, asked.epoch, asked.saved))
        state = document.update_since(b"\x00")
        made = document.snapshot()
        return Opened(document.value, state, made.body, made.steps, _refusal(state))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of pycrdt's is no Exception
        return Failed(error_sentence(error))


def _refusal(state: bytes) -> str:
    try:
        inspect(state, _AS_A_CLIENT)
    except Exception as error:
        return error_sentence(error)
    return ""


if __name__ == "__main__":
    sys.stdout.buffer.write(_encode(open_here(_decode_asked(sys.stdin.buffer.read()))))
