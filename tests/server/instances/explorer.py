"""An exhaustive explorer: every reachable state of several instances, one log and a bad network.

The steps call the functions that the server runs. `RemoteHead` decides what an instance applies,
and when it asks the database. `Document.matches` and `Document.known_requests` decide what is
committed: the memory store passes the contract of the databases. `Tail.since` says what a reader
has missed. The results are cached, because most states differ in one instance only.

The network may forget, delay and repeat: an instance may hear any message that was ever sent, at
any time, any number of times, or never. So the state needs no list of messages. Nothing that an
instance hears has an effect before it follows. So it hears every possible sequence of messages at
once, just before it follows (`lengths_after`).

An instance may crash before and after a commit. A client may lose its ack, and send its edit again
anywhere. The log is append-only, so its edits need no names. An instance that has applied the first
versions of the log is known by their number. Each step checks this, and raises `Violation` when an
instance has anything else.

It does not show what these need, which have tests of their own: another epoch, revisions, an answer
of the database that is old when it arrives, and commits under the row's lock. An instance that
starts again has the whole log at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

from collab.entry import Author, Entry
from collab.ids import DocKey
from collab.patch.relocate import AppliedChange
from collab.ports.positions import Position
from collab.ports.store import Append
from collab.room.tail import Tail
from server.documents.remote_head import Ask, RemoteHead
from storage.memory.document import Document

KEY = DocKey("demo", "page")


class Violation(AssertionError):
    """A state that must not be reachable."""


class Instance(NamedTuple):
    """An instance that has applied `length` versions.

    `pending` is the edit of its batch: `LOGGED` when the log has the edit already, a negative
    number when it is new, 0 for none.
    """

    length: int
    pending: int = 0


LOGGED: Final = 1


class State(NamedTuple):
    """`reader` is the instance of one reader, or -1 - n when it is away and has n versions."""

    log: int
    crashes: int
    reader: int
    instances: tuple[Instance | None, ...]  # None: it has crashed


@dataclass(frozen=True)
class World:
    """How much may happen."""

    instances: int = 3
    edits: int = 4
    crashes: int = 2

    def explore(self) -> int:
        """Visit every reachable state once. Return how many there are."""
        forget_results()
        first = State(0, 0, 0, (Instance(0),) * self.instances)
        visited, waiting = {first}, deque([first])
        while waiting:
            state = waiting.popleft()
            for following in self._steps(state):
                same = canonical(following)
                if same not in visited:
                    visited.add(same)
                    waiting.append(same)
        return len(visited)

    def _steps(self, state: State) -> Iterator[State]:
        for number, one in enumerate(state.instances):
            if one is None:
                yield _with(state, number, Instance(state.log))  # it starts, and loads the log
                continue
            if not one.pending:
                for length in lengths_after(one.length, state.log):
                    yield _with(state, number, one._replace(length=length))
                for edit in self._edits(state):
                    yield _with(state, number, one._replace(pending=edit))
            elif is_committed(one, state.log):
                log = state.log + 1
                done = one._replace(length=log, pending=0)
                committed = _with(_numbered(state, one.pending), number, done)
                yield committed
                yield from self._crash(committed, number)  # before another instance hears of it
            else:  # it clashed, or the log knows the edit: the room is loaded again
                yield _with(state, number, one._replace(length=state.log, pending=0))
            yield from self._crash(state, number)
            if state.reader < 0 and not one.pending:
                yield from _resume(state, number, one)

    def _edits(self, state: State) -> Iterator[int]:
        """Yield what a client may send: an edit that got no ack, or a new one."""
        if state.log:
            yield LOGGED
        fresh = {one.pending for one in state.instances if one is not None and one.pending < 0}
        yield from fresh
        if state.log + len(fresh) < self.edits:
            yield min(fresh, default=0) - 1

    def _crash(self, state: State, number: int) -> Iterator[State]:
        if state.crashes < self.crashes:
            one = state.instances[number]
            assert one is not None
            reader = -1 - one.length if state.reader == number else state.reader
            yield _with(state._replace(crashes=state.crashes + 1, reader=reader), number, None)


# --- the steps, with the functions of the server ----------------------------------------------


@cache
def lengths_after(length: int, log: int) -> tuple[int, ...]:
    """Return how many versions an instance may have after it heard anything and followed."""
    visited = {Head()}
    # It may have heard messages when it had fewer versions, and then loaded its room again.
    for had in range(length + 1):
        waiting = list(visited)
        while waiting:
            head = waiting.pop()
            for changed in (*(_receive(had, head, n) for n in range(1, log + 1)), _doubt(head)):
                if changed not in visited:
                    visited.add(changed)
                    waiting.append(changed)
    for head in visited:
        _check_settles(length, head, log)
    return tuple({_follow(length, head, log)[0] for head in visited})


class Head(NamedTuple):
    """What a `RemoteHead` holds: the waiting versions, the newest version, and its doubt."""

    waiting: tuple[int, ...] = ()
    reached: int = 0
    is_unsure: bool = False

    def unpacked(self) -> RemoteHead:
        head = RemoteHead()
        head._waiting.extend(_entry(version, version) for version in self.waiting)
        head._newest = Position(1, self.reached, 0) if self.reached else None
        head._is_unsure = self.is_unsure
        return head

    @classmethod
    def of(cls, head: RemoteHead) -> Head:
        reached = 0 if head._newest is None else head._newest.version
        waiting = tuple(entry.version for entry in head._waiting)
        if any(version >= after for version, after in pairwise(waiting)):
            raise Violation(f"the versions {waiting} wait")
        return cls(waiting, reached, head._is_unsure)


def _receive(length: int, head: Head, version: int) -> Head:
    """Hear of the commit of a version."""
    heard, reached = head.unpacked(), Position(1, version, 0)
    heard.note_commit(Position(1, length, 0), version - 1, reached, [_entry(version, version)])
    return Head.of(heard)


def _doubt(head: Head) -> Head:
    heard = head.unpacked()
    heard.doubt()
    return Head.of(heard)


def _follow(length: int, packed: Head, log: int) -> tuple[int, Head]:
    """Apply what waits, and ask the database when something is missing."""
    head = packed.unpacked()
    while (step := head.next(Position(1, length, 0))) is not Ask.NOTHING:
        if step is Ask.DATABASE:
            head.begin_asking()
            length = log
            break
        assert isinstance(step, list)
        versions = [entry.version for entry in step]
        if versions != list(range(length + 1, length + 1 + len(step))) or versions[-1] > log:
            raise Violation(f"an instance with {length} versions applies {versions} of {log}")
        length = versions[-1]
    return length, Head.of(head)


def _check_settles(length: int, packed: Head, log: int) -> None:
    """Check that an instance that hears of the newest position has everything afterwards."""
    head = packed.unpacked()
    head.note(Position(1, length, 0), Position(1, log, 0))
    after, left = _follow(length, Head.of(head), log)
    if after != log or left.unpacked().is_due(Position(1, log, 0)):
        raise Violation(f"an instance with {length} versions and {packed} does not reach {log}")


@cache
def is_committed(one: Instance, log: int) -> bool:
    """Give the batch to the store. Return False when it is not written."""
    document = Document(epoch=1, deleted=False)
    for version in range(1, log + 1):
        document.add(Append(KEY, 1, version - 1, 0, [_entry(version, version)]), 0)
    append = Append(KEY, 1, one.length, 0, [_entry(one.length + 1, one.pending)])
    if document.known_requests(append) or not document.matches(append):
        return False
    if one.length != log:
        raise Violation(f"{one} writes version {one.length + 1}, which the log of {log} has")
    if one.pending == LOGGED:
        raise Violation(f"{one} writes an edit again")
    return True


@cache
def missed_by(reader: int, length: int) -> tuple[int, ...]:
    """Return the versions that a reader gets when it resumes at an instance."""
    tail = Tail(0)
    for version in range(1, length + 1):
        entry = _entry(version, version)
        tail.append(entry, AppliedChange(version, entry.author, entry.ops, None))
    return tuple(entry.version for entry in tail.since(reader) or ())


def _resume(state: State, number: int, one: Instance) -> Iterator[State]:
    """The reader connects to this instance, which levels with the database first."""
    has = -1 - state.reader
    level = one if one.length >= has else one._replace(length=state.log)
    if missed_by(has, level.length) != tuple(range(has + 1, level.length + 1)):
        raise Violation(f"a reader with {has} versions resumes at {level}")
    yield _with(state._replace(reader=number), number, level)


def forget_results() -> None:
    """Forget the cached results: a test may have replaced a function."""
    for cached in (lengths_after, is_committed, missed_by):
        cached.cache_clear()


# --- states and objects -------------------------------------------------------------------------


def canonical(state: State) -> State:
    """Return the same state with instances in order, and new edits numbered in this order."""
    order = sorted(range(len(state.instances)), key=lambda n: _sort_key(state, n))
    names: dict[int, int] = {}
    instances: list[Instance | None] = []
    for number in order:
        one = state.instances[number]
        if one is not None and one.pending < 0:
            one = one._replace(pending=names.setdefault(one.pending, -1 - len(names)))
        instances.append(one)
    reader = order.index(state.reader) if state.reader >= 0 else state.reader
    return state._replace(reader=reader, instances=tuple(instances))


def _sort_key(state: State, number: int) -> tuple[object, ...]:
    one = state.instances[number]
    if one is None:
        return (0,)
    return (1, one.length, max(one.pending, -1), one.pending, state.reader == number)


def _numbered(state: State, edit: int) -> State:
    """Return the state after the log got a new edit. Other batches may have the edit, too."""
    log = state.log + 1
    instances = tuple(
        one._replace(pending=LOGGED) if one is not None and one.pending == edit else one
        for one in state.instances
    )
    return state._replace(log=log, instances=instances)


def _with(state: State, number: int, one: Instance | None) -> State:
    instances = list(state.instances)
    instances[number] = one
    return state._replace(instances=tuple(instances))


def _entry(version: int, edit: int) -> Entry:
    return Entry(version, Author("ada"), 0, "edit", [], b"", id=str(edit))
