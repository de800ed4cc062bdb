"""Recent ids: which requests were answered, and how, as far as a room remembers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from msgspec.structs import replace

from collab.entry import Accepted, Entry
from collab.patch.bounds import json_size
from collab.patch.splices import is_spliced
from collab.ports.store import Stored, Vacant

MOST = 4096
MOST_BYTES = 1 << 20  # of answers
MOST_FOUND_BYTES = 8 << 20
LARGE = MOST_BYTES // 16


class RecentIds:
    """Accepted requests by user and id, the newest of them, and those that the store was asked for.

    At most `MOST` of the newest, whose answers have at most `MOST_BYTES`. They are never all that
    were accepted: an id that made no version is in the store alone, and another instance may have
    accepted it.

    Invariant: a request that the store knows stays until it is answered again. Else the room would
    ask for it, forget it and ask again without end.
    """

    def __init__(self) -> None:
        self._recent: OrderedDict[tuple[str, str], Accepted] = OrderedDict()
        self._bytes = 0
        self._found: dict[tuple[str, str], Accepted] = {}
        self._found_bytes = 0

    @classmethod
    def of(cls, stored: Stored | Vacant) -> RecentIds:
        """The requests that are in a document's newest entries."""
        ids = cls()
        for entry in [] if isinstance(stored, Vacant) else stored.entries:
            # The store is asked for one that is in short, and the log for what it said.
            if not is_spliced(entry.answer):
                ids.take(entry)
        return ids

    def find(self, user: str, request_id: str) -> Accepted | None:
        if not request_id:
            return None
        return self._found.get((user, request_id)) or self._recent.get((user, request_id))

    def take(self, entry: Entry) -> None:
        """An entry was committed."""
        if entry.id:
            self.learn([Accepted.of(entry)])

    def find_in_store(self, accepted: Accepted) -> None:
        """The store knows a request that waits for its answer.

        Beyond `MOST_FOUND_BYTES` an answer is kept without its ops: its user reads the value.
        """
        self.answered(accepted.user, accepted.id)
        if self._found_bytes + _size(accepted) > MOST_FOUND_BYTES:
            accepted = _without_ops(accepted)
        self._found[accepted.user, accepted.id] = accepted
        self._found_bytes += _size(accepted)

    def answered(self, user: str, request_id: str) -> None:
        """The request has its answer; when it comes once more, it gets no large one."""
        if not self._found:
            return
        one = self._found.pop((user, request_id), None)
        if one is not None:
            self._found_bytes -= _size(one)
            self.learn([one if _size(one) <= LARGE else _without_ops(one)])

    def follow(self, other: RecentIds) -> None:
        """Remember also what the ids of the room before remember."""
        self.learn(other._recent.values())
        for one in other._found.values():
            self.find_in_store(one)

    def learn(self, accepted: Iterable[Accepted]) -> None:
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
