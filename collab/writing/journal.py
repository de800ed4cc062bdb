"""What one transaction has written: its records, its ops, and the value that these give."""

from __future__ import annotations

from collab.entry import Op
from collab.identity.identity_index import IdentityIndex
from collab.identity.items import on_items
from collab.ids import Json
from collab.patch.apply import replay
from collab.patch.pointer import Tokens, render
from collab.patch.values import Atomic, named_atomic
from collab.types.handles import StandIn, Txn
from collab.types.place import Place
from collab.types.records import Record, Reinsertion


class Journal:
    """The open transaction, and what has been written in it so far.

    Invariant: `records`, taken back in reverse order, undo what has been written; `ops` say the
    same as exact patch ops. What is written is said first: whether a string in it is an atom may
    hang on what stands around it. A journal knows none of those that write, so there is no
    reference cycle, and all of it goes when the write is over.
    """

    def __init__(
        self,
        txn: Txn,
        root: Place,
        atomic: Atomic,
        value: Json,
        identity: IdentityIndex,
        author: str | None = None,
    ) -> None:
        self.txn = txn
        self.root = root
        self.identity = identity
        self.author = author  # of a text that is replaced as a whole; None keeps what it can
        self.records: list[Record] = []
        self.reinsertions: list[Reinsertion] = []
        self.ops: list[Op] = []
        self._atomic = atomic
        self._value = value
        self._followed = 0  # how many of the ops `_value` has

    def note(self, record: Record) -> None:
        """Keep a record; what it names counts at once, for what comes later in this write."""
        if not isinstance(self.root.handle, StandIn):
            record = on_items(self.txn, self.root.handle, self.identity, record)
            self.identity.add(self.author or "", record)
        self.records.append(record)

    def add_reinsertion(self, reinsertion: Reinsertion) -> None:
        """Keep that characters or items were inserted again."""
        self.reinsertions.append(reinsertion)
        self.identity.add_reinsertion(reinsertion)

    def emit(self, kind: str, tokens: Tokens, value: Json = None) -> None:
        """Say what was written as an op."""
        op: Op = {"op": kind, "path": render(tokens)}
        if kind != "remove":
            op["value"] = value
        self.ops.append(op)

    @property
    def value(self) -> Json:
        """The document's value as it has been written so far."""
        if self._followed < len(self.ops):
            self._value = replay(self._value, self.ops[self._followed :])
            self._followed = len(self.ops)
        return self._value

    def is_atom(self, tokens: Tokens) -> bool:
        """Whether the string at a location is replaced as a whole: a plain value, no text."""
        if self._atomic is named_atomic:  # asks for no value, which would have to be made
            return named_atomic(tokens, None)
        return self._atomic(tokens, self.value)
