"""Writes edits of texts, and records them by the ids of the characters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import starmap
from typing import Any

from collab.entry import TextChanges
from collab.identity.characters import EXACT, Characters, id_at, text_id, units
from collab.identity.draft import Edit, TextDraft
from collab.identity.identity_index import GONE
from collab.identity.labels import labels_between, reach, removed_texts
from collab.patch.pointer import Tokens
from collab.types.handles import StandIn, is_array, is_map, is_text
from collab.types.records import Hunk, Label, Path, RemovedText, TextRecord
from collab.types.text import Change, changes_between, whole_words
from collab.writing.journal import Journal
from collab.writing.overlay import TextOverlay
from collab.yjs.spans import Id, Run

MOST_SIDES = 8  # pairs kept in a hunk: each undo and redo of it adds one


class TextWriter:
    """Writes edits of texts.

    `exact` are the changes that the current op makes in a text, when its author stated them.
    `by_others` means that several users wrote the value that is being written.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._open = journal.open
        self._identity = journal.identity
        self.exact: TextChanges | None = None
        self.by_others = False

    def edit(self, text: Any, new: str, path: Path, tokens: Tokens) -> bool:
        """Turn a text into `new` by the smallest edits. Return False when that is impossible."""
        if not is_text(text) or self._journal.is_atom(tokens):
            return False
        txn = self._open.txn
        old = text.get_string(txn)
        if text.len(txn) != byte_length(old):
            return False  # embedded objects count in the text's indexes, but are not in its string
        own = self._first_id(text)
        if self.exact is None:
            edits = _in_units(old, self._changes(text, own, old, new, path))
        else:
            edits = list(starmap(Edit, self.exact))
        if edits:
            self._write(text, own, old, edits, path)
            self._journal.emit("replace", tokens, new)
        return True

    def _first_id(self, text: Any) -> Id:
        """Return the first id of a text. The record of a dry run needs none."""
        if isinstance(text, TextOverlay):
            return GONE
        return self._identity.first_id(text_id(self._open.txn, text))

    def _changes(self, text: Any, own: Id, old: str, new: str, path: Path) -> list[Change]:
        changes = changes_between(old, new)
        if isinstance(text, TextOverlay):
            return changes
        if self.by_others:
            return whole_words(old, changes, lambda start, end: False)
        if self._journal.author is None:
            return changes

        author, identity = self._journal.author, self._identity

        def is_own(start: int, end: int) -> bool:
            """Whether the author's undo steps inserted all characters from `start` to `end`."""
            if not old.isascii():
                start, end = units(old[:start]), units(old[:end])
            characters = identity.characters(self._open.txn, text, own)
            mine = 0
            for _, part, where, user in identity.named(characters.between(start, end)):
                if user == author and where == path:
                    mine += part[2]
            return mine == end - start

        return whole_words(old, changes, is_own)

    def write_draft(self, text: Any, draft: TextDraft, path: Path, tokens: Tokens) -> None:
        """Write the planned edits of a text."""
        edits = draft.edits()
        if edits:
            self._write(text, self._first_id(text), draft.old, edits, path)
            if draft.text != draft.old:
                self._journal.emit_text(tokens, draft.old, draft.text, edits)

    def _write(self, text: Any, own: Id, old: str, edits: Sequence[Edit], path: Path) -> None:
        if isinstance(text, TextOverlay):
            text.edit(edits)
            return
        characters = self._identity.cached(own)
        if characters is None and (len(old) <= EXACT or any(one.start < one.end for one in edits)):
            characters = self._identity.characters(self._open.txn, text, own)
        replaced = partial(self._replace, text, old, characters)
        hunks = list(map(replaced, reversed(edits)))
        self._journal.note(TextRecord(path, own, tuple(reversed(hunks))))
        self._open.spend(2 * len(hunks))

    def _replace(self, text: Any, old: str, characters: Characters | None, edit: Edit) -> Hunk:
        """Write one edit, and return its hunk.

        The last edit of a text is written first. So the offsets are still those of `old`. For an
        insertion into a long text, `characters` may be None, because it is slow to read the ids.
        Then the hunk gets no new pair of sides.
        """
        txn, identity, start, end = self._open.txn, self._identity, edit.start, edit.end
        added = units(edit.text)
        labels: tuple[Label, ...] = ()
        runs: list[Run] = []
        at, deleted, size = _located(old, start, end)
        if start < end:
            text.remove_range(txn, at, size)
        if edit.text:
            text.insert(txn, at, edit.text, None)
            runs = [(*id_at(txn, text, at), added)]
            if edit.labels:
                self._note_reinserted(edit.labels, runs[0])
        sides = edit.sides
        if characters is not None:
            labels = labels_between(characters, identity, start, end)
            characters.splice(start, end, runs)
            now = identity.first_sides(characters.beside(start, start + added))
            earlier = [one for one in sides if one != now] if sides else ()
            sides = (*earlier, now)[-MOST_SIDES:]
        return Hunk(deleted, labels, tuple(identity.first_runs(runs)), sides)

    def _note_reinserted(self, labels: Sequence[Label], run: Run) -> None:
        for offset, client, clock, count in labels:
            now = (run[0], run[1] + offset) if offset >= 0 else GONE
            self._journal.add_reinsertion((client, clock, count, *now))

    def removed(self, held: Any, path: Path) -> tuple[RemovedText, ...]:
        """Return the texts in a value before its removal, with the characters that steps name."""
        if isinstance(held, StandIn) or not (is_map(held) or is_array(held) or is_text(held)):
            return ()
        return removed_texts(self._open.txn, held, self._identity, path)

    def restore_identity(self, held: Any, texts: Sequence[RemovedText]) -> None:
        """Give former first ids to the texts in a value that undo has put back."""
        for removed in texts:
            text = (
                held
                if is_text(held) and not removed.path
                else reach(self._open.txn, held, removed.path)
            )
            if text is None:
                continue
            if isinstance(text, TextOverlay):
                text.set_identity(removed.text, removed.labels)
                continue
            client, clock = text_id(self._open.txn, text)
            self._journal.add_reinsertion((*removed.text, 1, client, clock))
            runs = (
                [(*id_at(self._open.txn, text, 0), units(text.get_string(self._open.txn)))]
                if text.len(self._open.txn)
                else []
            )
            self._note_reinserted(removed.labels, runs[0] if runs else (0, 0, 0))
            self._identity.cache(removed.text, Characters(runs))


def byte_length(text: str) -> int:
    """Return the length in UTF-8 bytes, as pycrdt counts it."""
    return len(text) if text.isascii() else len(text.encode())


def _in_units(old: str, changes: Sequence[Change]) -> list[Edit]:
    if old.isascii():
        return list(starmap(Edit, changes))
    edits: list[Edit] = []
    for start, end, new in changes:
        first = units(old[:start])
        edits.append(Edit(first, first + units(old[start:end]), new))
    return edits


def _located(text: str, start: int, end: int) -> tuple[int, str, int]:
    """Return the bytes before the units from `start` to `end`, their text, and its bytes."""
    if text.isascii():
        return start, text[start:end], end - start
    encoded = text.encode("utf-16-le")
    before = encoded[: 2 * start].decode("utf-16-le")
    between = encoded[2 * start : 2 * end].decode("utf-16-le")
    return len(before.encode()), between, len(between.encode())
