"""An index of the characters and items that undo may ask for, with their current ids.

A record names characters by their *first ids*: the ids of their first insertion. Yjs cannot bring a
deleted character back, so an undo inserts it again under a new id. A `Reinsertion` stores both ids.
From then on the first id means the new character.

A *step* is what one undo takes back. Each user has a stack of undo steps and one of redo steps
(`collab/document/steps.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias

from collab.identity.characters import Characters, Deletions, units
from collab.types.handles import Txn
from collab.types.records import (
    ListRecord,
    Path,
    Record,
    Reinsertion,
    Sides,
    TextRecord,
    single_records,
)
from collab.yjs.spans import Id, Run, Spans

Named: TypeAlias = tuple[str, Record]  # a user, and a record in that user's stacks

SOME_REINSERTIONS = 4_096  # above this count, reinsertions that no step asks for are dropped
MOST_TEXTS: Final = 1_000  # texts whose characters are cached
SHARED: Final = "\x00"  # the user of characters that several users inserted
GONE: Final = (0, 0)  # the new id of characters that an undo did not put back with their text


class IdentityIndex:
    """The reinsertions of a document, and the characters that steps on its stacks name.

    Invariant: `reinsertions` depends only on the log's entries, applied in order. All other state
    is computed from `reinsertions` and `named_records`. The function `named_records` returns the
    records of all steps; the index calls it when a deletion first needs them. A character that a
    step names keeps its reinsertion. Between two changes, the cached ids of a text are its ids.
    """

    def __init__(self, reinsertions: Iterable[Reinsertion] = ()) -> None:
        self.reinsertions: list[Reinsertion] = list(reinsertions)
        self.named_records: Callable[[], Iterable[Named]] = tuple
        # Whether a step may ask for the former value of a place. If so, no new element gets the
        # key of this place.
        self.is_asked_for: Callable[[Path], bool] = lambda path: False
        self._pending: list[Named] = []  # records of the version that is being made
        # The characters of recently edited texts, by the first id of the text.
        self._characters: dict[Id, Characters] = {}
        self.deletions: Deletions | None = None  # set once there is a Yjs document
        self._most = max(SOME_REINSERTIONS, 2 * len(self.reinsertions))
        self._now, self._first = Spans(), Spans()
        self._named_runs: _NamedRuns | None = None
        for reinsertion in self.reinsertions:
            self._put(reinsertion)

    # --- reinsertions -----------------------------------------------------------------------

    def add_reinsertion(self, reinsertion: Reinsertion) -> None:
        """Map the first ids of characters to the ids under which an undo inserted them again.

        The first id of a text names another text from now on. So its cached ids are dropped.
        """
        self.reinsertions.append(reinsertion)
        self._put(reinsertion)
        if self._characters:
            self._forget(reinsertion[:3])

    def close(self) -> None:
        """Drop the references to the stacks."""
        self.named_records, self.is_asked_for = tuple, lambda path: False

    def end_version(self) -> None:
        """Note that a version is made: `named_records` returns its records from now on."""
        self._pending.clear()
        if len(self.reinsertions) > self._most:
            self._prune()

    def _prune(self) -> None:
        """Drop reinsertions that no step asks for, or that later reinsertions replaced."""
        self._named_runs = None
        named = self._all_named
        self.reinsertions = [one for one in _newest(self.reinsertions) if named.names(one)]
        self._most = max(SOME_REINSERTIONS, 2 * len(self.reinsertions))
        self._now, self._first = Spans(), Spans()
        for reinsertion in self.reinsertions:
            self._put(reinsertion)

    def _put(self, reinsertion: Reinsertion) -> None:
        client, clock, length, now_client, now_clock = reinsertion
        self._now.put((client, clock, length), (now_client, now_clock))
        if now_client:
            self._first.put((now_client, now_clock, length), (client, clock))

    def current_runs(self, run: Run) -> Iterator[tuple[Run, Run]]:
        """Yield the parts of a run of first ids that still exist, each with its current ids."""
        for part, to in self._now.pieces(run):
            if to is None:
                yield part, part
            elif to[0]:
                yield part, (*to, part[2])

    def first_runs(self, runs: Iterable[Run]) -> Iterable[Run]:
        """Return the first ids of the characters in runs of current ids."""
        if not self.reinsertions:
            return runs
        pieces = chain.from_iterable(map(self._first.pieces, runs))
        return [part if to is None else (*to, part[2]) for part, to in pieces]

    def first_id(self, at: Id) -> Id:
        """Return the first id of the character or item whose current id is `at`."""
        return self._first.of(at) or at if self.reinsertions else at

    def first_sides(self, sides: Sides) -> Sides:
        """Return the first ids of the characters beside a place."""
        if not self.reinsertions:
            return sides
        left, right = sides
        return left and self.first_id(left), right and self.first_id(right)

    # --- the characters of texts ------------------------------------------------------------

    def characters(self, txn: Txn, text: Any, own: Id) -> Characters:
        """Return the ids of a text without embedded objects. `own` is the text's first id."""
        known = self._characters.get(own)
        if known is None or known.length != units(text.get_string(txn)):
            known = Characters.read(txn, text, self.deletions)
            self.cache(own, known)
        return known

    def cached(self, own: Id) -> Characters | None:
        """Return the ids of a text from the cache, or None on a cache miss."""
        return self._characters.get(own)

    def cache(self, own: Id, characters: Characters | None) -> None:
        """Store the ids of a text in the cache. None removes them, so they are read again."""
        if characters is None:
            self._characters.pop(own, None)
            return
        if len(self._characters) >= MOST_TEXTS:
            self._characters.clear()
        self._characters[own] = characters

    def forget_texts(self) -> None:
        """Drop the cached ids of all texts."""
        self._characters.clear()

    def _forget(self, run: Run) -> None:
        """Drop the cached ids of the texts whose first ids are in a run."""
        client, clock, length = run
        cached = self._characters
        if length < len(cached):
            for own in range(clock, clock + length):
                cached.pop((client, own), None)
            return
        for at in [at for at in cached if at[0] == client and clock <= at[1] < clock + length]:
            del cached[at]

    # --- what steps name --------------------------------------------------------------------

    def add(self, user: str, record: Record) -> None:
        """Add a record of the version that is being made."""
        self._pending.append((user, record))
        named = self._named_runs
        if named is not None:
            named.add(user, record)
            if named.added > named.most:
                self._named_runs = None  # most of it belongs to steps that are gone

    @property
    def _all_named(self) -> _NamedRuns:
        if self._named_runs is None:
            self._named_runs = _NamedRuns()
            for user, record in (*self.named_records(), *self._pending):
                self._named_runs.add(user, record)
            self._named_runs.mark_complete()
        return self._named_runs

    def named_in(self, text: Id) -> list[Run]:
        """Return the runs that steps name in the text with this first id."""
        return self._all_named.runs.get(text, [])

    def paths_under(self, path: Path) -> list[Path]:
        """Return the paths of texts, at a path or below it, that steps edited."""
        depth = len(path)
        return [text for text in self._all_named.paths if text[:depth] == path]

    def named(self, runs: Iterable[Run]) -> list[tuple[int, Run, Path, str]]:
        """Return the parts of runs of current ids that a step names.

        Each is an offset from the start of the first run, a run of first ids, a path and a user.
        """
        named = self._named_runs or self._all_named
        found: list[tuple[int, Run, Path, str]] = []
        at = 0
        for run in self.first_runs(runs) if self.reinsertions else runs:
            for part, to in named.spans.pieces(run):
                if to is not None:
                    found.append((at + part[1] - run[1], part, *named.owners[to[0]]))
            at += run[2]
        return found


def _newest(reinsertions: Sequence[Reinsertion]) -> list[Reinsertion]:
    """Return the reinsertions that later ones do not replace completely, in order."""
    later = Spans(constant=True)
    found: list[Reinsertion] = []
    for one in reversed(reinsertions):
        run = one[:3]
        if any(to is None for _, to in later.pieces(run)):
            found.append(one)
        later.put(run, (1, 0))
    return found[::-1]


class _NamedRuns:
    """What the records of steps name: runs of first ids, and the paths of their texts."""

    def __init__(self) -> None:
        self.spans = Spans(constant=True)
        self.owners: list[tuple[Path, str]] = []
        self.runs: dict[Id, list[Run]] = {}  # by text
        self.paths: dict[Path, None] = {}
        self._numbers: dict[tuple[Path, str], int] = {}
        self.added, self.most = 0, 0  # above `most` additions, most of them are out of date

    def mark_complete(self) -> None:
        """Mark that all steps are added. Later additions count towards the next rebuild."""
        self.most = 2 * self.added + 10_000

    def names(self, reinsertion: Reinsertion) -> bool:
        return any(to is not None for _, to in self.spans.pieces(reinsertion[:3])) or (
            reinsertion[:2] in self.runs
        )

    def add(self, user: str, record: Record) -> None:
        if isinstance(record, TextRecord):
            self._add(record, user)
            return
        for single in single_records(record):
            if isinstance(single, TextRecord):
                self._add(single, user)
            elif isinstance(single, ListRecord):
                self._add_items(single)
            else:
                indexes = (at for at, step in enumerate(single.path) if isinstance(step, int))
                for at, item in zip(indexes, single.items, strict=False):
                    self.added += 1
                    self.spans.put((*item, 1), (self._number(single.path[:at], ""), 0))

    def _add(self, record: TextRecord, user: str) -> None:
        mine = self._number(record.path, user)
        self.paths[record.path] = None
        runs = self.runs.setdefault(record.text, [])
        # An empty text has no characters. Only the text's own id shows that it is deleted.
        unknown = self._number(record.path, "")
        if self.spans.of(record.text) != (unknown, 0):  # as for all edits of it but the first
            self._own((*record.text, 1), unknown)
        for hunk in record.hunks:
            for run in hunk.inserted:
                self.added += 1
                self._own(run, mine)
                runs.append(run)
            for beside in set(chain.from_iterable(hunk.sides)):
                if beside is not None:
                    self.added += 1
                    run = (*beside, 1)
                    runs.append(run)
                    if self.spans.of(beside) is None:  # its author is unknown
                        self.spans.put(run, (unknown, 0))

    def _own(self, run: Run, mine: int) -> None:
        """Assign a run to the user who inserted it.

        A user whose undo brings back another user's characters has inserted them too. Then the
        characters belong to no single user.
        """
        path, user = self.owners[mine]
        for part, to in self.spans.pieces(run):
            known = "" if to is None else self.owners[to[0]][1]
            if known and user and known != user:
                self.spans.put(part, (self._number(path, SHARED), 0))
            elif user or not known:
                self.spans.put(part, (mine, 0))

    def _add_items(self, record: ListRecord) -> None:
        hunk = record.hunk
        beside = [(*one, 1) for one in (hunk.left, hunk.right) if one is not None]
        for run in (*hunk.inserted, *beside):
            self.added += 1
            self.spans.put(run, (self._number(record.path, ""), 0))

    def _number(self, path: Path, user: str) -> int:
        number = self._numbers.get((path, user))
        if number is None:
            number = self._numbers[path, user] = len(self.owners)
            self.owners.append((path, user))
        return number
