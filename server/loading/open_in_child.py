"""Opens a damaged document in a child process, to find out whether it can still be read.

When native code crashes or hangs, only the child ends. The child reads `Asked` from its standard
input and writes `Opened` or `Failed` to its standard output.
"""

from __future__ import annotations

import asyncio
import sys
from subprocess import TimeoutExpired
from typing import Any, Final

import msgspec
from msgspec import Struct

from collab.document.document import Document
from collab.document.opening import Opening
from collab.entry import Entry
from collab.ports.store import SavedSteps, Snapshot
from collab.structs.guard import GuardBounds, inspect
from server.runtime.child_process import PIPE, start_process, until_ended
from server.runtime.logs import error_sentence

SECONDS: Final = 120.0
# The bounds of an update from a client, without the limit of bytes.
_AS_A_CLIENT: Final = GuardBounds(update_bytes=0)


class Asked(Struct, frozen=True):
    """A stored document: a snapshot's body, and the entries after it."""

    body: bytes | None
    entries: list[Entry]
    epoch: int
    saved: SavedSteps | None = None


class Opened(Struct, frozen=True, tag=True):
    """A document that opens; `refusal` is the reason why the guard refuses its state, if any."""

    value: Any
    state: bytes
    snapshot: bytes
    steps: bytes
    refusal: str = ""


class Failed(Struct, frozen=True, tag=True):
    """The reason why a document does not open."""

    reason: str


_encode = msgspec.msgpack.Encoder().encode
_decode_asked = msgspec.msgpack.Decoder(Asked).decode
_decode_answer: msgspec.msgpack.Decoder[Opened | Failed] = msgspec.msgpack.Decoder(Opened | Failed)


async def open_in_child(asked: Asked) -> Opened | Failed:
    """Open the document in a child process; return it, or the reason why it does not open."""
    command = (sys.executable, "-P", "-m", __name__)
    process = await start_process(command, stdin=PIPE, stdout=PIPE)
    try:
        answer, _ = await asyncio.to_thread(process.communicate, _encode(asked), SECONDS)
    except TimeoutExpired:
        return Failed(f"the document does not open within {SECONDS:.0f} s")
    finally:
        if process.poll() is None:
            process.kill()
            await until_ended(process)
    if process.returncode or not answer:
        return Failed(f"opening the document ended the process ({process.returncode})")
    return _decode_answer.decode(answer)


def open_here(asked: Asked) -> Opened | Failed:
    """Open the document in this process; return it, or the reason why it does not open."""
    try:
        snapshot = None if asked.body is None else Snapshot(0, asked.body)
        document = Document(Opening.of(snapshot, asked.entries, asked.epoch, asked.saved))
        state = document.update_since(b"\x00")
        made = document.snapshot()
        return Opened(document.value, state, made.body, made.steps, _refusal(state))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of pycrdt is not an `Exception`
        return Failed(error_sentence(error))


def _refusal(state: bytes) -> str:
    try:
        inspect(state, _AS_A_CLIENT)
    except Exception as error:
        return error_sentence(error)
    return ""


if __name__ == "__main__":
    sys.stdout.buffer.write(_encode(open_here(_decode_asked(sys.stdin.buffer.read()))))
