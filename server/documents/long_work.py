"""Long work: an estimate of which requests take long and so belong in a worker thread.

The estimate uses the request and the document's size, and takes a few microseconds. In a thread, a
short request takes up to a millisecond longer. On the event loop, a long request blocks all
documents.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from collab.room.requests import (
    Answer,
    Create,
    PatchRequest,
    ReadState,
    Renew,
    Replace,
    Request,
    RestoreVersion,
    UndoRequest,
    Update,
)
from collab.yjs.slices import pieces_of
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.entry import Kind
    from collab.room.member import Member
    from collab.room.room import Room
    from server.runtime.clock import Clock

# An op that replaces a text takes up to 0.2 ms.
MOST_OPS: Final = 25
# Values in a request. The room writes one value in about 10 µs.
MOST_VALUES: Final = 250
# Versions through which a stale patch is rebased.
MAX_REBASED_VERSIONS: Final = 50
MOST_UPDATE: Final = 8 * 1024
MOST_VECTOR: Final = 4 * 1024
# Bytes of updates that the guard indexes before it checks a Yjs update. Every six bytes may be a
# block, and a block takes 5 µs.
MOST_UNINDEXED: Final = 16 * 1024
# Above this size, requests that read the whole document take long: replace, undo, restore.
LARGE: Final = 128 * 1024
# Above this size, any change may take long: in a list with many elements, or in a long text.
VERY_LARGE: Final = 512 * 1024
# The estimate misses some slow requests. After a request of more than `SLOW` seconds of processor
# time, a worker thread applies all requests of this document for `SLOW_FOR` seconds. On a busy
# machine, a request may wait for the processor. That says nothing about the document.
SLOW: Final = 0.02
SLOW_FOR: Final = 60.0


class TimedAnswer(NamedTuple):
    """The answer of an applied request, its seconds of processor time, and when the work ended.

    When `answer` is an exception, the server has a bug.
    """

    answer: Answer | BaseException
    seconds: float
    ended: float


# Bytes that an undo step takes back: about 30 edits of 0.25 ms each.
MOST_TAKEN_BACK: Final = 8 * 1024


def takes_long(request: Request, member: Member, room: Room) -> bool:
    """Whether to apply a member's request in a worker thread."""
    document = room.document
    work_size = document.work_size
    match request:
        case PatchRequest():
            return (
                work_size > VERY_LARGE
                or len(request.ops) > MOST_OPS
                or (
                    request.base is not None
                    and document.version - request.base > MAX_REBASED_VERSIONS
                )
                or _outweighs(request.ops, MOST_VALUES)
            )
        case Update():
            return (
                work_size > VERY_LARGE
                or len(request.update) > MOST_UPDATE
                or room.working.structs.behind(document) > MOST_UNINDEXED
                or (
                    document.work.applied > MOST_UNINDEXED
                    and room.working.may_count_formats(len(request.update))
                )
            )
        case Create() | Replace():
            return work_size > LARGE or _outweighs((request.value,), MOST_VALUES)
        case RestoreVersion():
            return work_size > LARGE
        case UndoRequest():
            kind: Kind = "redo" if request.redo else "undo"
            taken_back = document.undo_size(member.author.user, kind, request.version)
            return work_size > LARGE or taken_back > MOST_TAKEN_BACK
        case ReadState():
            return work_size > VERY_LARGE or len(request.state_vector) > MOST_VECTOR
        case Renew():
            return True
        case _:
            return False


def _outweighs(values: Iterable[Any], most: int) -> bool:
    """Whether there are more than `most` values; a long text counts as several."""
    waiting = list(values)
    count = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str):
            count += len(value) // 256
        count += 1
        if count + len(waiting) > most:
            return True
    return False


class UpdateCutter:
    """Cuts long Yjs updates into pieces in a worker thread.

    A struct is one item of an update. The work takes 6 µs a struct, and an update may have
    hundreds of thousands of structs.

    Invariant: it cuts one update at a time, because the work needs 200 bytes of memory a struct.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()

    async def cut(self, update: bytes, known: Mapping[int, int]) -> tuple[list[bytes], float]:
        """Return the pieces, and how many seconds the cutting took."""
        async with self._turn:
            began = self._clock.monotonic()
            pieces = await run_in_thread(pieces_of, update, known)
            return pieces, self._clock.monotonic() - began
