"""A Yjs document with its observer, and the transactions of one write.

yrs blocks the interpreter while it commits a transaction. That takes about 2 µs for each block that
the transaction inserted or deleted; a block is a struct in the memory of yrs. So a write of many
blocks uses several transactions, one after the other. Their updates are joined into one. No other
code reads the document between them.

A `Part` is the update of one of these transactions (`collab/yjs/joining.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from collab.structs.guard import STORED_BOUNDS, inspect
from collab.structs.struct_index import StructIndex
from collab.structs.subtrees import HiddenBlocks
from collab.types.events import Observer
from collab.types.handles import Txn
from collab.types.loader import CONTENT, Loader
from collab.yjs.joining import (
    Part,
    all_deleted,
    deleted_since,
    deletion_of,
    joined,
    parent_of_first,
)
from collab.yjs.rewriting import Rewriter
from collab.yjs.spans import Id
from collab.yjs.state_pieces import state_pieces
from collab.yjs.update import Range

Structs: TypeAlias = Callable[[], StructIndex]
Deleted: TypeAlias = Mapping[int, Sequence[Range]]

NOTHING_KNOWN: Final = b"\x00"  # the state vector of a client that has no document
# A transaction ends after it has inserted or deleted this many blocks, in about 5 ms.
MOST_BLOCKS: Final = 2_500


class YjsDocument:
    """A Yjs document, and the callbacks that observe it.

    Invariant: between two calls of `Tree` no transaction is open. The callbacks are native, because
    pycrdt's wrappers copy every event into Python objects.
    """

    def __init__(self, loader: Loader) -> None:
        self.observer = Observer()
        self.hidden = HiddenBlocks(CONTENT)
        self.owned, self.doc, self.content = loader.owned, loader.doc, loader.content
        self._of_commits: Any = self.doc.observe(self.observer.on_commit)
        self._of_events: Any = self.content.observe_deep(self.observer.on_events)

    def close(self) -> None:
        """Drop the callbacks."""
        self.mute()
        self._of_commits.drop()

    def mute(self) -> None:
        """Stop observing events: pycrdt would make an object for every type that has changed."""
        if self._of_events is not None:
            self._of_events.drop()
            self._of_events = None

    def unmute(self) -> None:
        """Observe events again."""
        if self._of_events is None:
            self._of_events = self.content.observe_deep(self.observer.on_events)

    def state(self, txn: Txn) -> bytes:
        return bytes(self.doc.get_update(txn, NOTHING_KNOWN))

    def reload_without(self, own: Id) -> Deleted:
        """Load the document again without the map whose id is `own`. Return what that deleted.

        The caller has removed the map's entries. No earlier handle may be used after this call.
        """
        txn = self.doc.create_transaction()
        state = self.state(txn)
        before = self._deleted(txn)
        txn.drop()
        dead = all_deleted((before, {own[0]: [(own[1], own[1] + 1)]}))
        self._load(Rewriter(dead).rewrite(state))
        txn = self.doc.create_transaction()
        after = self._deleted(txn)
        txn.drop()
        return deleted_since(before, after)

    def reload_collected(self, state: bytes, gone: Deleted) -> None:
        """Load the document again from its state. The structs in `gone` are garbage-collected.

        `gone` is everything inside some types, which the caller deletes next. No earlier handle may
        be used after this call.
        """
        self._load(Rewriter({}, gone).rewrite(state))

    def _load(self, state: bytes) -> None:
        loader = Loader(self.doc.client_id())
        loader.apply(state_pieces(state))
        self.close()
        self.owned, self.doc, self.content = loader.owned, loader.doc, loader.content
        self._of_commits = self.doc.observe(self.observer.on_commit)

    def _deleted(self, txn: Txn) -> Deleted:
        update = self.doc.get_update(txn, self.doc.get_state(txn))
        return inspect(update, STORED_BOUNDS).deletes

    def commit(self, txn: Txn) -> Part:
        """End a transaction. Return its own update, which is empty when it changed nothing."""
        self.observer.with_deletes = True
        txn.commit()
        txn.drop()
        self.observer.with_deletes = False
        return Part(self.observer.take_update(), self.observer.take_deletes())


class OpenTransaction:
    """An open transaction, and the content that it reads and writes."""

    def __init__(self, txn: Txn, content: Any) -> None:
        self.txn = txn
        self.content = content

    def spend(self, blocks: int = 1) -> None:
        """Do nothing. `Transactions` counts the blocks that were inserted or deleted."""


class Transactions(OpenTransaction):
    """The transactions of one write.

    Invariant: one transaction is open until `close`. `spend` may end a transaction, and yrs then
    frees the types that were removed in it. So no handle of a removed type is used after `spend`.
    """

    def __init__(self, document: YjsDocument, structs: Structs | None = None) -> None:
        super().__init__(document.doc.create_transaction(), document.content)
        self.document = document
        self._structs = structs
        self._index: StructIndex | None = None
        self.reloads = 0
        self.searches = 0  # through the whole state, to empty types
        self.measured: set[Id] = set()  # types that the server tried to empty in this write
        self._spent = 0
        self._parts: list[Part] = []

    def spend(self, blocks: int = 1) -> None:
        self._spent += blocks
        if self._spent >= MOST_BLOCKS:
            self.cut()

    def cut(self, *, is_transient: bool = False) -> Part:
        """End the open transaction, and begin another. Return the part of the ended transaction.

        `is_transient` means that a later transaction deletes all that this transaction inserted.
        """
        self.document.mute()
        part = self.document.commit(self.txn)
        part = part._replace(is_transient=is_transient)
        self.add(part)
        self.txn = self.document.doc.create_transaction()
        self._spent = 0
        return part

    def remove_empty(self, held: Any) -> None:
        """Delete a map whose entries were removed, however many entries it had.

        yrs would collect all former entries in one call (`collab/yjs/rewriting.py`). Instead, this
        method loads the document again. No earlier handle may be used after it.
        """
        number = 0
        # Find a key that the map never had. The update of a new entry then gives the map's id.
        while True:
            held.insert(self.txn, f"{number}", None)
            marked = self.cut(is_transient=True)
            parent = parent_of_first(marked)
            if parent is not None:
                break
            number += 1
        self.txn.drop()
        # The map may have held items without a key, which are deleted with it.
        self.add(deletion_of(self.document.reload_without(parent)))
        self.reloads += 1
        self.reopen()

    @property
    def index(self) -> StructIndex | None:
        """The index of the document's structs, if there is one: as it was at the first call."""
        if self._index is None and self._structs is not None:
            self.pause()  # to build the index may need the state
            self._index = self._structs()
            self.reopen()
        return self._index

    def pause(self) -> None:
        """End the open transaction. No other begins until `reopen`."""
        self.cut()
        self.txn.drop()

    def reopen(self) -> None:
        """Begin a transaction, also when the document was loaded again."""
        self.txn, self.content = self.document.doc.create_transaction(), self.document.content

    def add(self, part: Part) -> None:
        """Add a part to the update of this write."""
        if part.update:
            self._parts.append(part)

    def close(self) -> bytes:
        """End the last transaction. Return the update of the write; empty if it changed nothing."""
        if not self._parts:  # as for most writes
            self.txn.commit()
            self.txn.drop()
            self.document.unmute()
            return self.document.observer.take_update()
        self.add(self.document.commit(self.txn))
        self.document.unmute()
        return joined(self._parts)
