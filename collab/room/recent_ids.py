"""Recent ids: a cache of accepted requests and their answers, so that retries are idempotent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from msgspec.structs import replace

from collab.entry import Accepted
from collab.patch.bounds import json_size
from collab.patch.splices import is_spliced
from collab.ports.store import Absent, Stored

MOST = 4096
MOST_BYTES = 1 << 20  # of answers
MOST_FOUND_BYTES = 8 << 20
LARGE = MOST_BYTES // 16


class RecentIds:
    """The newest accepted requests by user and id, and requests that were found in the store.

    It holds at most `MOST` of the newest requests, with at most `MOST_BYTES` of answers. Some
    accepted requests are only in the store: a request that made no version, or a request that
    another instance accepted.

    Invariant: a request that was found in the store stays here until it is answered again.
    Otherwise the room would load it, drop it and load it again without end.
    """

    def __init__(self) -> None:
        self._recent: OrderedDict[tuple[str, str], Accepted] = OrderedDict()
        self._bytes = 0
        self.found: dict[tuple[str, str], Accepted] = {}  # only this class changes it
        self._found_bytes = 0

    @classmethod
    def of(cls, stored: Stored | Absent) -> RecentIds:
        """Return the requests that are in a document's newest entries."""
        ids = cls()
        for entry in [] if isinstance(stored, Absent) else stored.entries:
            # An answer whose ops the log has shortened to splices is not cached. On a retry, the
            # store finds the id, and the server makes the answer from the log.
            if entry.id and not is_spliced(entry.answer):
                ids.add([Accepted.of(entry)])
        return ids

    def find(self, user: str, request_id: str) -> Accepted | None:
        """Return the accepted request with this id, or None on a cache miss."""
        if not request_id:
            return None
        return self.found.get((user, request_id)) or self._recent.get((user, request_id))

    def add_stored(self, accepted: Accepted) -> None:
        """Add a request that the store knows and that waits for its answer.

        Above `MOST_FOUND_BYTES` the answer is kept without `ops`. The client then has to reload
        the value.
        """
        self.mark_answered(accepted.user, accepted.id)
        if self._found_bytes + _size(accepted) > MOST_FOUND_BYTES:
            accepted = _without_ops(accepted)
        self.found[accepted.user, accepted.id] = accepted
        self._found_bytes += _size(accepted)

    def mark_answered(self, user: str, request_id: str) -> None:
        """Note that the request got its stored answer; a further retry gets no large `ops`."""
        if not self.found:
            return
        one = self.found.pop((user, request_id), None)
        if one is not None:
            self._found_bytes -= _size(one)
            self.add([one if _size(one) <= LARGE else _without_ops(one)])

    def merge(self, other: RecentIds) -> None:
        """Add the ids of the room that this room replaces."""
        self.add(other._recent.values())
        for one in other.found.values():
            self.add_stored(one)

    def add(self, accepted: Iterable[Accepted]) -> None:
        """Remember accepted requests, and drop the oldest above the limits."""
        for one in accepted:
            known = self._recent.get((one.user, one.id))
            if known is not None:
                self._bytes -= _size(known)
            if one.answer:
                self._bytes += _size(one)
            self._recent[one.user, one.id] = one
        while len(self._recent) > MOST or self._bytes > MOST_BYTES:
            _, oldest = self._recent.popitem(last=False)
            self._bytes -= _size(oldest)


def _without_ops(accepted: Accepted) -> Accepted:
    answer = {name: said for name, said in accepted.answer.items() if name != "ops"}
    return replace(accepted, answer=answer)


def _size(accepted: Accepted) -> int:
    """Return the bytes of an answer as JSON. Most answers are almost empty."""
    return json_size(accepted.answer) if accepted.answer else 0
