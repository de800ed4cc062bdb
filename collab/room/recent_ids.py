"""Recent ids: which requests were answered, and how, as far as a room remembers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from msgspec.structs import replace

from collab.entry import Accepted, Entry
from collab.patch.bounds import json_size
from collab.patch.splices import is_spliced
from collab.ports.store import Absent, Stored

MOST = 4096
MOST_BYTES = 1 << 20  # of answers
MOST_FOUND_BYTES = 8 << 20
LARGE = MOST_BYTES // 16


class RecentIds:
    """The newest accepted requests by user and id, and those that the store was asked for.

    At most `MOST` of the newest, whose answers have at most `MOST_BYTES`. They are not all
    accepted requests: an id that made no version may be only in the store, and another instance
    may have accepted it.

    Invariant: a request that the store knows stays until it is answered again. Else the room would
    ask for it, forget it and ask again without end.
    """

    def __init__(self) -> None:
        self._recent: OrderedDict[tuple[str, str], Accepted] = OrderedDict()
        self._bytes = 0
        self._found: dict[tuple[str, str], Accepted] = {}
        self._found_bytes = 0

    @classmethod
    def of(cls, stored: Stored | Absent) -> RecentIds:
        """The requests that are in a document's newest entries."""
        ids = cls()
        for entry in [] if isinstance(stored, Absent) else stored.entries:
            # For a shortened answer the store is asked for the id, and the log for the answer.
            if not is_spliced(entry.answer):
                ids.add_entry(entry)
        return ids

    def find(self, user: str, request_id: str) -> Accepted | None:
        if not request_id:
            return None
        return self._found.get((user, request_id)) or self._recent.get((user, request_id))

    def add_entry(self, entry: Entry) -> None:
        """An entry was committed."""
        if entry.id:
            self.add([Accepted.of(entry)])

    def add_stored(self, accepted: Accepted) -> None:
        """The store knows a request that waits for its answer.

        Beyond `MOST_FOUND_BYTES` an answer is kept without its ops: its user reads the value.
        """
        self.mark_answered(accepted.user, accepted.id)
        if self._found_bytes + _size(accepted) > MOST_FOUND_BYTES:
            accepted = _without_ops(accepted)
        self._found[accepted.user, accepted.id] = accepted
        self._found_bytes += _size(accepted)

    def mark_answered(self, user: str, request_id: str) -> None:
        """The request has its answer; when it comes again, it gets no large one."""
        if not self._found:
            return
        one = self._found.pop((user, request_id), None)
        if one is not None:
            self._found_bytes -= _size(one)
            self.add([one if _size(one) <= LARGE else _without_ops(one)])

    def merge(self, other: RecentIds) -> None:
        """Add the ids of the room that this one replaces."""
        self.add(other._recent.values())
        for one in other._found.values():
            self.add_stored(one)

    def add(self, accepted: Iterable[Accepted]) -> None:
        for one in accepted:
            known = self._recent.get((one.user, one.id))
            self._bytes += _size(one) - (0 if known is None else _size(known))
            self._recent[one.user, one.id] = one
        while len(self._recent) > MOST or self._bytes > MOST_BYTES:
            _, oldest = self._recent.popitem(last=False)
            self._bytes -= _size(oldest)


def _without_ops(accepted: Accepted) -> Accepted:
    answer = {name: said for name, said in accepted.answer.items() if name != "ops"}
    return replace(accepted, answer=answer)


def _size(accepted: Accepted) -> int:
    """How many bytes of JSON an answer is; most have next to none."""
    return json_size(accepted.answer) if accepted.answer else 0
