"""Recent ids: which requests were answered, and how, as far as a room remembers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from collab.entry import Accepted, Entry
from collab.patch.bounds import json_size
from collab.patch.splices import is_in_short
from collab.ports import Stored, Vacant

MOST = 4096
MOST_BYTES = 1 << 20  # of answers


class RecentIds:
    """Accepted requests by user and id, the newest of them.

    At most `MOST` of them, whose answers have at most `MOST_BYTES`. They are never all that were
    accepted: an id that made no version is in the store alone, and another instance may have
    accepted it.
    """

    def __init__(self) -> None:
        self._recent: OrderedDict[tuple[str, str], Accepted] = OrderedDict()
        self._bytes = 0

    @classmethod
    def of(cls, stored: Stored | Vacant) -> RecentIds:
        """The requests that are in a document's newest entries."""
        ids = cls()
        for entry in [] if isinstance(stored, Vacant) else stored.entries:
            # The store is asked for one that is in short, and the log for what it said.
            if not is_in_short(entry.answer):
                ids.take(entry)
        return ids

    def find(self, user: str, request_id: str) -> Accepted | None:
        return self._recent.get((user, request_id)) if request_id else None

    def take(self, entry: Entry) -> None:
        """An entry was committed."""
        if entry.id:
            self.learn([Accepted.of(entry)])

    def learn(self, accepted: Iterable[Accepted]) -> None:
        for one in accepted:
            known = self._recent.get((one.user, one.id))
            self._bytes += _size(one) - (0 if known is None else _size(known))
            self._recent[one.user, one.id] = one
        while len(self._recent) > MOST or self._bytes > MOST_BYTES:
            _, oldest = self._recent.popitem(last=False)
            self._bytes -= _size(oldest)

    def all(self) -> list[Accepted]:
        """What is remembered, for the room that takes this one's place."""
        return list(self._recent.values())


def _size(accepted: Accepted) -> int:
    """How many bytes of JSON an answer is; most have next to none."""
    return json_size(accepted.answer) if accepted.answer else 0
