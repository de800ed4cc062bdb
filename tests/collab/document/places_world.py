"""A world of equal letters: users of both lanes edit one text, and each character has a number.

The oracle is a plain list of numbers for each reader, one for each UTF-16 unit. Three things must
agree after each change: what the reader of the splices has, where the author has put the change,
and the Yjs ids in the document.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import count
from typing import Any

from pycrdt import Doc, Map, Text

from collab.document.change import Change
from collab.document.document import Document
from collab.entry import Author, Entry, Kind, Op
from collab.errors import Rejected
from collab.identity.characters import Characters
from collab.patch.relocate import AppliedChange
from collab.patch.splices import as_splices, for_log, from_log
from collab.patch.utf16 import length
from collab.presence.cursors import relocate_cursor
from collab.rebase.pipeline import Pipeline
from collab.rebase.text_history import merged_texts

USERS = ("ada", "bo", "cy")
ALPHABETS = (("a",), ("a", "b"), ("a", "😀"), ("😀",))


def units(text: str) -> list[str]:
    """A text as its units: a surrogate pair is the character and an empty rest."""
    return [part for char in text for part in ((char, "") if length(char) == 2 else (char,))]


class Reader:
    """The text of a client as a list of numbered units. It follows splices only."""

    def __init__(self, numbers: list[int], text: str) -> None:
        self.numbers = list(numbers)
        self.text = units(text)

    def follow(self, ops: Sequence[Op], number: Any) -> None:
        for op in ops:
            if op["op"] == "splice" and op["path"] == "/t":
                self.splice(op["offset"], op["delete"], op["insert"], number)

    def splice(self, offset: int, delete: int, insert: str, number: Any) -> list[int]:
        made = units(insert)
        new = [number() for _ in made]
        self.numbers[offset : offset + delete] = new
        self.text[offset : offset + delete] = made
        return new


class YjsClient:
    """A Yjs client that may be behind the document."""

    def __init__(self, world: PlacesWorld, client_id: int) -> None:
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.content = self.doc.get("content", type=Map)
        self.pull(world)

    def pull(self, world: PlacesWorld) -> None:
        self.doc.apply_update(world.document.update_since(b"\x00"))
        self.seen = Reader(world.reader.numbers, "".join(world.reader.text))


class PlacesWorld:
    """One document whose text has few different letters."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.alphabet = self.random.choice(ALPHABETS)
        self.numbers = count(1)
        self.now = 0
        self.entries: list[Entry] = []
        self.changes: list[AppliedChange] = []
        self.document = Document.create(1)
        self.snapshot: Any = None
        start = self._letters(self.random.randint(0, 5))
        value = {"t": start, "n": 0, "l": []}
        self.reader = Reader([next(self.numbers) for _ in units(start)], start)
        self.yjs_ids: dict[int, tuple[int, int]] = {}
        self._enter(
            self._patch("ada", [{"op": "replace", "path": "", "value": value}], "create"), "create"
        )
        self.slow = Reader(self.reader.numbers, start)
        self.slow_at = self.version
        self.stale = {user: (self.version, self._reader()) for user in USERS}
        self.yjs = [YjsClient(self, 1000 + number) for number in range(2)]
        self._check()
        self.caret = self.random.randint(0, len(self.reader.text))
        self.caret_after = self.reader.numbers[: self.caret]

    @property
    def version(self) -> int:
        return self.document.version

    def step(self) -> None:
        self.now += self.random.choice((100, 5_000))
        kind = self.random.choice(
            ("head", "head", "stale", "stale", "yjs", "yjs", "undo", "undo", "read", "open", "move")
        )
        getattr(self, f"_{kind}")(self.random.choice(USERS))
        self._check()

    # --- authors ----------------------------------------------------------------------------

    def _letters(self, size: int) -> str:
        return "".join(self.random.choice(self.alphabet) for _ in range(size))

    def _splice(self, seen: Reader) -> Op:
        """A splice that does not split a surrogate pair."""
        starts = [at for at, unit in enumerate([*seen.text, "end"]) if unit]
        low = self.random.randrange(len(starts))
        high = min(len(starts) - 1, low + self.random.choice((0, 0, 0, 1, 2)))
        insert = self._letters(self.random.choice((0, 1, 1, 2)) if low < high else 1)
        delete = starts[high] - starts[low]
        return {
            "op": "splice",
            "path": "/t",
            "offset": starts[low],
            "delete": delete,
            "insert": insert,
        }

    def _patch(self, user: str, ops: list[Op], kind: Kind = "edit") -> Change | None:
        return self.document.patch(
            ops, version=self.version + 1, user=user, at=self.now, kind=kind, splices=True
        )

    def _reader(self) -> Reader:
        return Reader(self.reader.numbers, "".join(self.reader.text))

    def _head(self, user: str) -> None:
        """One to three splices of the newest text, sometimes with an edit elsewhere."""
        mine = self._reader()
        ops: list[Op] = []
        for _ in range(self.random.choice((1, 1, 2, 3))):
            ops.append(self._splice(mine))
            self._as_author(mine, ops[-1])
        if self.random.random() < 0.3:
            ops.append({"op": "replace", "path": "/n", "value": self.now})
        self._enter(self._patch(user, ops), "edit", mine)

    def _as_author(self, mine: Reader, op: Op) -> None:
        end = op["offset"] + op["delete"]
        if mine.text[op["offset"] : end] != units(op["insert"]):  # otherwise nothing changes
            mine.splice(op["offset"], op["delete"], op["insert"], lambda: -next(self.numbers))

    def _stale(self, user: str) -> None:
        """A splice of an older version, which is rebased."""
        base, seen = self.stale[user]
        mine = Reader(seen.numbers, "".join(seen.text))
        op = self._splice(mine)
        self._as_author(mine, op)
        since = [one for one in self.changes if one.version > base]
        rebased = Pipeline(base).submit(
            base, [op], lambda _: since, self.document.value, splices=True
        )
        self.stale[user] = (base, seen)
        change = self._patch(user, rebased.ops)
        self._enter(change, "edit", mine if self._is_clear(seen, op) else None)
        if self.random.random() < 0.7:
            self.stale[user] = (self.version, self._reader())

    def _is_clear(self, seen: Reader, op: Op) -> bool:
        """Whether a splice finds its characters. Otherwise the server merges whole words."""
        start, end, now = op["offset"], op["offset"] + op["delete"], self.reader.numbers
        doomed = seen.numbers[start:end]
        if doomed:
            at = now.index(doomed[0]) if doomed[0] in now else 0
            return now[at : at + len(doomed)] == doomed
        beside = seen.numbers[max(0, start - 1) : start + 1]
        return start in (0, len(seen.numbers)) or any(one in now for one in beside)

    def _yjs(self, user: str) -> None:
        client = self.random.choice(self.yjs)
        if self.random.random() < 0.5:
            client.pull(self)
        mine = Reader(client.seen.numbers, "".join(client.seen.text))
        text: Text = client.content["t"]
        known = client.doc.get_state()
        with client.doc.transaction():
            for _ in range(self.random.choice((1, 1, 2, 3))):
                op = self._splice(mine)
                if op["insert"] == "".join(mine.text[op["offset"] : op["offset"] + op["delete"]]):
                    continue
                at = len("".join(mine.text[: op["offset"]]).encode())
                end = len("".join(mine.text[: op["offset"] + op["delete"]]).encode())
                if end > at:
                    del text[at:end]
                if op["insert"]:
                    text.insert(at, op["insert"])
                self._as_author(mine, op)
        update = client.doc.get_update(known)
        change = self.document.integrate(update, version=self.version + 1, user=user, at=self.now)
        self._enter(change, "edit", mine)
        client.pull(self)

    def _undo(self, user: str) -> None:
        turn = self.random.choice((self.document.undo, self.document.undo, self.document.redo))
        try:
            undone = turn(user, version=self.version + 1, at=self.now)
        except Rejected:
            return
        self._enter(undone.change, "undo")

    def _move(self, user: str) -> None:
        """A change elsewhere."""
        op = {"op": "add", "path": "/l/0", "value": self.now}
        self._enter(self._patch(user, [op]), "edit")

    def _open(self, user: str) -> None:
        """Restart from the snapshot and the log."""
        if self.random.random() < 0.5:
            self.snapshot, self.entries = self.document.snapshot(), []
        self.document.close()
        self.document = Document.open(self.snapshot, self.entries, 1)

    # --- readers ----------------------------------------------------------------------------

    def _enter(self, change: Change | None, kind: Kind, mine: Reader | None = None) -> None:
        if change is None:
            return
        entry = Entry(
            self.version,
            Author("ada"),
            self.now,
            kind,
            change.ops,
            change.update,
            inverse=change.inverse,
            texts=change.texts,
        )
        self.entries.append(entry)
        assert from_log(for_log(entry, change.before), change.before)[0] == entry
        applied = AppliedChange(self.version, Author("ada"), entry.ops, change.before, entry.texts)
        self.changes.append(applied)
        if kind == "create":
            return
        numbers = self.reader.numbers.copy()
        before = set(numbers)
        self.reader.follow(
            as_splices(change.before, entry.ops, entry.texts), lambda: next(self.numbers)
        )
        if not any(op["path"] == "/t" for op in entry.ops):
            self._read_again()
            self.caret_after = self.reader.numbers[: self.caret]
            if self.reader.numbers != numbers:
                self.slow, self.slow_at = self._reader(), self.version
                self.stale = {user: (self.version, self._reader()) for user in USERS}
        elif mine is not None:
            self._check_author(mine, before)
        self._check_caret(applied)

    def _check_author(self, mine: Reader, before: set[int]) -> None:
        """The document has the author's change exactly where the author has put it."""
        now = self.reader.numbers
        own = [(at, one) for at, one in enumerate(now) if one not in before]
        made = [one for one in mine.numbers if one < 0]
        assert len(own) == len(made), "as many units are new as the author has inserted"
        for place, number in zip([at for at, _ in own], made, strict=True):
            at = mine.numbers.index(number)
            left = [one for one in mine.numbers[:at] if one in now]
            right = [one for one in mine.numbers[at:] if one in now]
            assert not left or now.index(left[-1]) < place, "left of the author's place"
            assert not right or place < now.index(right[0]), "right of the author's place"

    def _check_caret(self, change: AppliedChange) -> None:
        """A caret stays behind the same units, as long as they exist."""
        cursor = {"cursor": {"path": "/t", "offset": self.caret}}
        moved = relocate_cursor(cursor, change)["cursor"]["offset"]
        left = [one for one in self.caret_after if one in self.reader.numbers]
        if left:
            assert moved >= self.reader.numbers.index(left[-1]) + 1
            self.caret_after = self.reader.numbers[:moved]
        self.caret = moved
        self.caret_after = self.reader.numbers[:moved]

    def _read(self, user: str) -> None:
        """A slow reader gets one merged change."""
        changes = [one for one in self.changes if one.version > self.slow_at]
        if changes:
            before, after = changes[0].before["t"], self.document.value
            assert isinstance(after, dict)
            if before != after["t"]:
                ops: list[Op] = [{"op": "replace", "path": "/t", "value": after["t"]}]
                texts = merged_texts(changes, changes[0].before, ops)
                assert texts or not any(one.texts for one in changes)
                self.slow.follow(as_splices(changes[0].before, ops, texts), lambda: 0)
                kept = [one for one in self.reader.numbers if one in self.slow.numbers]
                assert kept == [one for one in self.slow.numbers if one]
                places = [self.slow.numbers.index(one) for one in kept]
                assert places == [self.reader.numbers.index(one) for one in kept]
            assert len(self.slow.text) == len(self.reader.text)
        self.slow, self.slow_at = self._reader(), self.version

    def _read_again(self) -> None:
        """Number the units by their ids. No op tells a reader of units replaced by equal ones."""
        known = {yjs_id: number for number, yjs_id in self.yjs_ids.items()}
        self.reader.numbers = [known.get(one) or next(self.numbers) for one in self._ids()]

    def _check(self) -> None:
        value: Any = self.document.value
        assert "".join(self.reader.text) == value["t"]
        ids = self._ids()
        assert len(ids) == len(self.reader.numbers)
        for number, yjs_id in zip(self.reader.numbers, ids, strict=True):
            assert self.yjs_ids.setdefault(number, yjs_id) == yjs_id, "the reader has another unit"

    def _ids(self) -> list[tuple[int, int]]:
        """The Yjs ids of the units, read from a copy."""
        copy: Doc[Any] = Doc()
        copy.apply_update(self.document.update_since(b"\x00"))
        text = copy.get("content", type=Map)["t"]
        with copy.transaction() as transaction:
            native: Any = transaction._txn
            runs = Characters.read(native, text._integrated).runs
        return [(client, clock + at) for client, clock, size in runs for at in range(size)]


def run(seed: int, steps: int) -> None:
    """Run a world. A failing assertion names the seed."""
    world = PlacesWorld(seed)
    try:
        for number in range(steps):
            try:
                world.step()
            except BaseException as error:
                error.add_note(f"seed {seed}, step {number}")
                raise
    finally:
        world.document.close()
