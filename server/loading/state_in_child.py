"""Encodes the Yjs state of a large document in a child process.

yrs encodes a state in one native call, which holds the interpreter lock: 0.1 s for 800,000 blocks.
In the server, the event loop would wait meanwhile. The child reads the updates that make the state
(`collab/structs/state_updates.py`) from its standard input, and writes the state to its standard
output. Both are frames: eight bytes with the length, then the content.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final, NamedTuple

from collab.document.opening import Opening
from collab.document.snapshot_format import FORMAT, Body
from collab.yjs.state_pieces import count_structs
from server.runtime.child_process import PIPE, Process, start_process, until_ended

# The child needs about two seconds for 800,000 blocks. It gets more time for a document that takes
# long to open, because it repeats that work.
SECONDS: Final = 60.0
TIMES_OPENING: Final = 20.0
# The child gives way to the server and to its worker processes.
NICE: Final = 5
_LENGTH: Final = struct.Struct("<Q")


class EncodedState(NamedTuple):
    """A state with its state vector, and the number of its blocks."""

    state: bytes
    state_vector: bytes
    blocks: int


class NoStateError(Exception):
    """The child ended without a state, or took too long."""


async def encode_in_child(updates: Sequence[bytes], opening_seconds: float = 0.0) -> EncodedState:
    """Return the state that the updates make. Raise `NoStateError` when the child fails.

    `opening_seconds` is about how long it takes to apply the updates.
    """
    command = (sys.executable, "-P", "-m", __name__, f"{opening_seconds}")
    process = await start_process(command, stdin=PIPE, stdout=PIPE)
    talking = asyncio.ensure_future(asyncio.to_thread(_talk, process, updates))
    try:
        async with asyncio.timeout(SECONDS + TIMES_OPENING * opening_seconds):
            return await asyncio.shield(talking)
    except TimeoutError as error:
        raise NoStateError("the child process took too long") from error
    except (OSError, ValueError, struct.error) as error:
        raise NoStateError("the child process ended without a state") from error
    finally:
        process.kill()  # does nothing when the process has ended
        await asyncio.wait([talking])
        talking.exception()  # mark it as retrieved
        await until_ended(process)


def _talk(process: Process, updates: Iterable[bytes]) -> EncodedState:
    """Write the updates, and read the answer. All calls that wait release the interpreter lock."""
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout as answer:
        with process.stdin as out:
            _write(out, updates)
        state, state_vector, blocks = _read(answer)
    return EncodedState(state, state_vector, int(blocks))


def _write(out: IO[bytes], frames: Iterable[bytes]) -> None:
    for frame in frames:
        out.write(_LENGTH.pack(len(frame)))
        out.write(frame)
    out.flush()


def _read(source: IO[bytes]) -> Iterator[bytes]:
    while head := source.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(head)
        frame = source.read(length)
        if len(frame) != length:
            raise ValueError("the frame is incomplete")
        yield frame


def encode_here(updates: Iterable[bytes], opening_seconds: float = 0.0) -> EncodedState:
    """Return the state that the updates make; the first update is a state of yrs."""
    first, *since = updates
    opening = Opening(Body(FORMAT, 0, first, {}, opening_seconds), (), 1)
    if opening.is_slow and count_structs(first):
        opening.cut_state()
    loader = opening.loader
    loader.apply(opening.rest())
    loader.apply(since)
    txn = loader.doc.create_transaction()
    state, state_vector = loader.doc.get_update(txn, b"\x00"), loader.doc.get_state(txn)
    txn.drop()
    return EncodedState(state, state_vector, count_structs(state))


def _main(opening_seconds: float) -> None:
    os.nice(NICE)
    made = encode_here(list(_read(sys.stdin.buffer)), opening_seconds)
    _write(sys.stdout.buffer, (made.state, made.state_vector, b"%d" % made.blocks))


if __name__ == "__main__":
    _main(float(sys.argv[1]))
