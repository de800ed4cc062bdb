"""Takes back records: finds the change of each record, and checks that it is still there.

A record describes one write (`collab/types/records.py`). Its mark identifies the value that the
write left at the record's place. A place holds one value after another, and each is an incarnation
of the place (`collab/identity/incarnations.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from collab.identity.draft import TextDraft
from collab.identity.incarnations import Incarnations, Mark, TrialIncarnations
from collab.identity.items import items_on
from collab.identity.labels import reach
from collab.ids import Json
from collab.patch.values import same
from collab.types.handles import Txn, get_or_none, is_map, raw_of
from collab.types.layout import (
    DELETED,
    ORDER,
    VALUE,
    ArrayNode,
    ListNode,
    ObjectNode,
    read,
    read_element,
    sortable,
)
from collab.types.place import Place, Slot, open_path, pointer_tokens
from collab.types.records import (
    Absent,
    Exactly,
    ListRecord,
    MovedRecord,
    Path,
    Record,
    SameDigest,
    SetRecord,
    ShownRecord,
    TextRecord,
    TransferRecord,
    fingerprint,
)
from collab.writing.created_again import CreatedAgain
from collab.writing.overlay import TextOverlay
from collab.writing.transfer import move_back, put_before
from collab.writing.write import Writer

Marks = Sequence[Mark]
# Items of Y.Arrays that one undo may pass, in about a second. yrs walks over all items before an
# item, several times for each item that is taken back.
MOST_PASSED: Final = 20_000_000
NO_TEXT = (0, 0)  # the id of a new text in a dry run (an undo that writes nothing)


class Reverter:
    """Takes back the writes of records, through a writer. The writer makes new records.

    A redo takes back these new records.

    Without `incarnations`, all records must come from the update that the document has just
    applied: then they are still valid. Edits of texts are planned first, and `write_texts` writes
    them. So a text is written once, also when many of its edits are taken back.
    """

    def __init__(self, writer: Writer, incarnations: Incarnations | None = None) -> None:
        self._writer = writer
        self._trial = None if incarnations is None else TrialIncarnations(incarnations)
        self._again = CreatedAgain(self._trial)
        self._drafts: dict[Path, TextDraft] = {}
        # Texts in which only a part of an edit was taken back.
        self.partly_reverted: list[Path] = []
        self._passed = 0  # items of Y.Arrays that yrs has walked over

    @property
    def _txn(self) -> Txn:
        return self._writer.journal.open.txn

    @property
    def is_spent(self) -> bool:
        """Whether taking back more records may take too long."""
        return self._passed > MOST_PASSED

    def revert(self, record: Record, marks: Marks, made: int = 0) -> bool:
        """Take back a record of version `made`. Return whether any of its change was still there.

        For a text, this method only plans the edit, and returns whether it planned any.
        """
        if isinstance(record, TextRecord):
            return self._text(record)
        if isinstance(record, TransferRecord):
            self.write_texts()
            return self._transfer(record, marks, made)
        self.write_texts(record.path)
        mark = marks[0] if marks else Mark(0, 0, 0, 0)
        if not isinstance(record, ListRecord) and not self._is_same_item(record):
            return False
        if self._trial is not None and not self._trial.is_current(record, mark):
            return False
        if self._again.is_there(self._txn, self._writer.root, record, mark, made):
            return False
        if not self._take_back(record, mark):
            return False
        if self._trial is not None:
            self._trial.put_back(record, mark)
        return True

    def _transfer(self, record: TransferRecord, marks: Marks, made: int) -> bool:
        out, into = marks if marks else (Mark(0, 0, 0, 0),) * 2
        both = (record.source, out), (record.target, into)
        trial = self._trial
        if not all(self._is_same_item(single) for single, _ in both):
            return False
        if trial is not None and not all(trial.is_current(*one) for one in both):
            return False
        if self._again.is_there(self._txn, self._writer.root, record.source, out, made):
            return False
        if not move_back(self._writer, record, out, into):
            return False
        if trial is not None:
            for one in both:
                trial.put_back(*one)
        return True

    def _take_back(self, record: Record, mark: Mark) -> bool:
        match record:
            case ShownRecord():
                return self._shown(record, mark)
            case MovedRecord():
                return self._moved(record, mark)
            case SetRecord():
                return self._set(record, mark)
            case ListRecord():
                place = self._open(record.path)
                if place is None or type(place.node) is not ListNode:
                    return False
                if not self._writer.lists.take_back(place, record):
                    return False
                self._passed += place.handle.len(self._txn) * _count(record)
                return True
            case _:
                return False

    def _is_same_item(self, record: SetRecord | ShownRecord | MovedRecord) -> bool:
        """Whether the record's path still leads through the same items of Y.Arrays."""
        writer, known_items = self._writer, record.items
        if not known_items:
            return True
        held = writer.root.handle
        return items_on(self._txn, held, writer.journal.identity, record.path) == known_items

    def _open(self, path: Path) -> Place | None:
        return open_path(self._txn, self._writer.root, path)

    # --- elements ---------------------------------------------------------------------------

    def _array(self, path: Path) -> tuple[Place, ArrayNode] | None:
        place = self._open(path)
        if place is None or type(place.node) is not ArrayNode:
            return None
        return place, place.node

    def _shown(self, record: ShownRecord, mark: Mark) -> bool:
        found = self._array(record.path)
        if found is None:
            return False
        place, node = found
        visible = record.key in node.orders
        if record.shown and visible:
            token = None if record.born else mark.was
            self._writer.elements.remove(place, record.key, token)
            return True
        held = get_or_none(self._txn, place.handle, record.key)
        if not record.shown and not visible and is_map(held) and held.has(self._txn, DELETED):
            self._writer.elements.show(place, record.key, mark.was)
            return True
        return False

    def _moved(self, record: MovedRecord, mark: Mark) -> bool:
        found = self._array(record.path)
        if found is None:
            return False
        place, node = found
        elements, key = self._writer.elements, record.key
        if key in node.orders:
            if node.orders[key] != record.after:
                return False
            elements.reorder(place, key, record.before)
        else:
            held = get_or_none(self._txn, place.handle, key)
            if not is_map(held) or sortable(get_or_none(self._txn, held, ORDER)) != record.after:
                return False
            elements.reorder_hidden(place, key, record.before)
        moved = MovedRecord(record.path, key, record.after, record.before, mark.was)
        self._writer.journal.note(moved)
        return True

    # --- values -----------------------------------------------------------------------------

    def _set(self, record: SetRecord, mark: Mark) -> bool:
        if record.key == VALUE and record.path:
            return self._set_wrapped(record, mark)
        place = self._open(record.path)
        if place is None:
            return False
        if type(place.node) is ArrayNode:
            return self._set_element(place, place.node, record, mark)
        if type(place.node) is not ObjectNode:
            return False
        held = get_or_none(self._txn, place.handle, record.key)
        if held is None and not place.handle.has(self._txn, record.key):
            if not isinstance(record.after, Absent):
                return False
        elif not is_unchanged(read(raw_of(self._txn, held))[0], record.after):
            return False
        put_before(self._writer, place, record, mark)
        return True

    def _set_wrapped(self, record: SetRecord, mark: Mark) -> bool:
        """Take back a change of an element's value. The element is not an object."""
        found = self._array(record.path[:-1])
        key = record.path[-1]
        if found is None or key not in found[1].orders or isinstance(record.before, Absent):
            return False
        place, node = found
        held = get_or_none(self._txn, place.handle, str(key))
        if not is_map(held) or not held.has(self._txn, VALUE):
            return False
        if not is_unchanged(
            read(raw_of(self._txn, get_or_none(self._txn, held, VALUE)))[0], record.after
        ):
            return False
        tokens = (*place.tokens, str(node.index(str(key))))
        slot = Slot(held, VALUE, record.path, tokens, node.children, str(key))
        self._writer.members.set_slot(slot, record.before.raw, texts=record.texts, token=mark.was)
        return True

    def _set_element(self, place: Place, node: ArrayNode, record: SetRecord, mark: Mark) -> bool:
        """Take back a change that deleted or overwrote a whole element."""
        held = get_or_none(self._txn, place.handle, record.key)
        gone = held is None and not place.handle.has(self._txn, record.key)
        if isinstance(record.before, Absent):
            if gone or record.key not in node.orders:
                return False
            if not is_unchanged(read_element(raw_of(self._txn, held))[0], record.after):
                return False
            self._writer.elements.remove(place, record.key)
            return True
        if gone != isinstance(record.after, Absent):
            return False
        if not gone:
            if record.key not in node.orders:
                return False
            if not is_unchanged(read_element(raw_of(self._txn, held))[0], record.after):
                return False
        self._writer.elements.put_back(place, record, record.before.raw, mark.was)
        return True

    # --- texts ------------------------------------------------------------------------------

    def _text(self, record: TextRecord) -> bool:
        draft = self._drafts.get(record.path)
        if draft is None:
            text = self._find_text(record.path)
            if text is None:
                return False
            draft = text.draft if isinstance(text, TextOverlay) else self._draft(text)
        if draft.id != record.text:
            return False
        self._drafts[record.path] = draft
        taken = [draft.take_back(hunk) for hunk in reversed(record.hunks)]
        if any(taken) and not all(taken):
            self.partly_reverted.append(record.path)
        return any(taken)

    def _draft(self, text: Any) -> TextDraft:
        return TextDraft(self._txn, text, self._writer.journal.identity)

    def _find_text(self, path: Path) -> Any:
        """Return the text at a path. None when it is hidden, absent or has embedded objects."""
        if len(pointer_tokens(self._writer.root.node, path)) < len(path):
            return None
        text = reach(self._txn, self._writer.root.handle, path)
        if text is None or isinstance(text, TextOverlay):
            return text
        return text if text.len(self._txn) == len(text.get_string(self._txn).encode()) else None

    def write_texts(self, path: Path | None = None) -> None:
        """Write the planned texts: all of them, or those at, above or below `path`."""
        for own, draft in list(self._drafts.items()):
            if path is not None and own[: len(path)] != path and path[: len(own)] != own:
                continue
            del self._drafts[own]
            text = self._find_text(own)
            if text is None:
                continue
            tokens = pointer_tokens(self._writer.root.node, own)
            if isinstance(text, TextOverlay):
                if text.poll_edited():
                    self._writer.journal.note(TextRecord(own, draft.id or NO_TEXT, ()))
                if text.poll_text():
                    self._writer.journal.emit("replace", tokens, draft.text)
            else:
                self._writer.texts.write_draft(text, draft, own, tokens)


def _count(record: ListRecord) -> int:
    """Return how many items a record inserted and removed."""
    return len(record.hunk.values) + len(record.hunk.removed)


def is_unchanged(value: Json, after: Absent | Exactly | SameDigest) -> bool:
    """Whether a value is still the value that the recorded write left."""
    if isinstance(after, Absent):
        return False
    if isinstance(after, Exactly):
        return same(value, after.raw)
    return fingerprint(value) == after
