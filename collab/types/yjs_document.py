"""A Yjs document with its observer, and the transactions of one write.

yrs keeps the interpreter while a transaction is committed, some 2 µs for each block that it
inserted or deleted. So a write that touches many blocks is several transactions, one after the
other, whose updates are joined. Nothing else reads the document meanwhile.
"""

from __future__ import annotations

from typing import Any, Final

from collab.types.events import Observer
from collab.types.handles import Txn
from collab.types.loader import Loader
from collab.yjs.guard import STORED_BOUNDS, inspect
from collab.yjs.joining import Part, all_deleted, deletion_of, joined, parent_of_first
from collab.yjs.rewriting import Rewriter
from collab.yjs.spans import Id
from collab.yjs.state_pieces import state_pieces

NOTHING_KNOWN: Final = b"\x00"  # the state vector of a client that has no document
# Blocks that one transaction inserts or deletes: some 5 ms.
MOST_BLOCKS: Final = 2_500


class YjsDocument:
    """A Yjs document that is observed.

    Invariant: between calls no transaction is open. Native callbacks are used, not pycrdt's
    wrappers: these copy every event into Python objects.
    """

    def __init__(self, loader: Loader) -> None:
        self.observer = Observer()
        self.doc, self.content = loader.doc, loader.content
        self._of_commits: Any = self.doc.observe(self.observer.on_commit)
        self._of_events: Any = self.content.observe_deep(self.observer.on_events)

    def close(self) -> None:
        """Let go of the callbacks."""
        self.mute()
        self._of_commits.drop()

    def mute(self) -> None:
        """Observe no events: pycrdt makes an object of each, for every type that has changed."""
        if self._of_events is not None:
            self._of_events.drop()
            self._of_events = None

    def unmute(self) -> None:
        """Observe events again."""
        if self._of_events is None:
            self._of_events = self.content.observe_deep(self.observer.on_events)

    def reload_without(self, own: Id) -> None:
        """Load the document again without the map that has this id, whose entries were removed.

        No handle may be used any more.
        """
        txn = self.begin()
        state = self.doc.get_update(txn, NOTHING_KNOWN)
        deleted = self.doc.get_update(txn, self.doc.get_state(txn))
        txn.drop()
        dead = all_deleted(
            (inspect(deleted, STORED_BOUNDS).deletes, {own[0]: [(own[1], own[1] + 1)]})
        )
        loader = Loader(self.doc.client_id())
        loader.apply(state_pieces(Rewriter(dead).rewrite(state)))
        self.close()
        self.doc, self.content = loader.doc, loader.content
        self._of_commits = self.doc.observe(self.observer.on_commit)

    def begin(self) -> Txn:
        """A transaction, which is open."""
        return self.doc.create_transaction()

    def commit(self, txn: Txn, *, with_deletes: bool = False) -> Part:
        """End a transaction; its own update, empty where it did nothing."""
        self.observer.with_deletes = with_deletes
        txn.commit()
        txn.drop()
        return Part(self.observer.take_update(), self.observer.take_deletes())


class OpenTransaction:
    """A transaction that is open, and the content that is read and written in it."""

    def __init__(self, txn: Txn, content: Any) -> None:
        self.txn = txn
        self.content = content

    def spend(self, blocks: int = 1) -> None:
        """So many blocks were inserted or deleted."""


class Transactions(OpenTransaction):
    """The transactions of one write.

    Invariant: one is open until `close`. A handle of what was removed may not be used when `spend`
    was called since: yrs frees it at the end of the transaction.
    """

    def __init__(self, document: YjsDocument) -> None:
        super().__init__(document.begin(), document.content)
        self.document = document
        self._spent = 0
        self._parts: list[Part] = []

    def spend(self, blocks: int = 1) -> None:
        self._spent += blocks
        if self._spent >= MOST_BLOCKS:
            self.cut()

    def cut(self, *, is_transient: bool = False) -> Part:
        """End the transaction that is open, and begin another.

        When it is `transient`, a later transaction deletes what it inserted.
        """
        self.document.mute()
        part = self.document.commit(self.txn, with_deletes=True)
        part = part._replace(is_transient=is_transient)
        self.add(part)
        self.txn = self.document.begin()
        self._spent = 0
        return part

    def remove_empty(self, held: Any) -> None:
        """Remove a map for good whose entries were removed, however many there were.

        The document is loaded again: no handle may be used any more.
        """
        number = 0
        while True:  # a key that the map never had: then its new entry names it by its id
            held.insert(self.txn, f"{number}", None)
            marked = self.cut(is_transient=True)
            parent = parent_of_first(marked)
            if parent is not None:
                break
            number += 1
        self.txn.drop()
        self.document.reload_without(parent)
        self.add(deletion_of([parent]))
        self.txn, self.content = self.document.begin(), self.document.content

    def add(self, part: Part) -> None:
        """Have the update of this write do what a part does."""
        if part.update:
            self._parts.append(part)

    def close(self) -> bytes:
        """End the last transaction; the update of all of them, empty where they did nothing."""
        last = self.document.commit(self.txn, with_deletes=bool(self._parts))
        self.document.unmute()
        if not self._parts:
            return last.update
        self.add(last)
        return joined(self._parts)
