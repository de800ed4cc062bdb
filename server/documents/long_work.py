"""Which requests may take long to apply: those are applied in a worker thread.

The guess takes a few microseconds, from the request and the size of the document. A request that
runs in a thread without need loses less than a millisecond. A long one on the loop blocks it for
all documents.
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
# Values in what is asked: writing one takes some 10 µs.
MOST_VALUES: Final = 250
# Changes that a patch on an earlier version is rebased over.
MAX_REBASED_VERSIONS: Final = 50
MOST_UPDATE: Final = 8 * 1024
MOST_VECTOR: Final = 4 * 1024
# Documents of which any request may read the whole: comparing, undoing, restoring.
LARGE: Final = 128 * 1024
# Documents of which any change at all may take long: a list with many elements, a long text.
VERY_LARGE: Final = 512 * 1024
# Seconds: what takes longer is slow, and for how long the document's requests count as slow then.
SLOW: Final = 0.02
SLOW_FOR: Final = 60.0


class TimedAnswer(NamedTuple):
    """What applying a request gave, and when it began and ended; an exception is a bug of ours."""

    answer: Answer | BaseException
    began: float
    ended: float


class Pace:
    """How long a document's requests have taken: what cannot be guessed is learned.

    After a slow request the next ones are applied in a worker thread, whatever they ask for.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._slow_until = 0.0

    @property
    def is_slow(self) -> bool:
        """Whether a request of the last minute was slow."""
        return self._slow_until > 0 and self._clock.monotonic() < self._slow_until

    def note(self, seconds: float, now: float) -> None:
        """A request took so long to apply."""
        if seconds > SLOW:
            self._slow_until = now + SLOW_FOR


# Bytes of what a step takes back: some 30 edits, of 0.25 ms each.
MOST_TAKEN_BACK: Final = 8 * 1024


def takes_long_in(room: Room, member: Member, request: Request) -> bool:
    """Whether to apply a member's request in a worker thread."""
    document = room.document
    if takes_long(request, document.work_size, room.head):
        return True
    if not isinstance(request, UndoRequest):
        return False
    kind: Kind = "redo" if request.redo else "undo"
    return document.undo_size(member.author.user, kind, request.version) > MOST_TAKEN_BACK


def takes_long(request: Request, work_size: int, head: int) -> bool:
    """Whether to apply a request in a worker thread; `work_size` and `head` are the document's."""
    match request:
        case PatchRequest():
            return (
                work_size > VERY_LARGE
                or len(request.ops) > MOST_OPS
                or (request.base is not None and head - request.base > MAX_REBASED_VERSIONS)
                or _outweighs(request.ops, MOST_VALUES)
            )
        case Update():
            return work_size > VERY_LARGE or len(request.update) > MOST_UPDATE
        case Create() | Replace():
            return work_size > LARGE or _outweighs((request.value,), MOST_VALUES)
        case RestoreVersion() | UndoRequest():
            return work_size > LARGE
        case ReadState():
            return work_size > VERY_LARGE or len(request.state_vector) > MOST_VECTOR
        case _:
            return False


def _outweighs(values: Iterable[Any], most: int) -> bool:
    """Whether there are more values than this, a long text counting as many."""
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
    """Cuts long Yjs updates into pieces, beside the event loop.

    It takes 6 µs a struct, of which there may be hundreds of thousands.
    Invariant: one at a time, for each may take 200 bytes a struct.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()

    async def cut(self, update: bytes, known: Mapping[int, int]) -> tuple[list[bytes], float]:
        """The pieces, and how many seconds it took to make them."""
        async with self._turn:
            began = self._clock.monotonic()
            pieces = await run_in_thread(pieces_of, update, known)
            return pieces, self._clock.monotonic() - began
