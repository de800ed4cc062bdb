"""Recent ids: which requests were answered, and how, as far as a room remembers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from collab.entry import Entry
from collab.ports import Accepted

MOST = 4096


class RecentIds:
    """Accepted requests by user and id, the newest of them.

    Invariant: while `knows_all`, no id was ever accepted that is not among these.
    """

    def __init__(self, *, knows_all: bool) -> None:
        self.knows_all = knows_all
        self._recent: OrderedDict[tuple[str, str], Accepted] = OrderedDict()

    def find(self, user: str, request_id: str) -> Accepted | None:
        return self._recent.get((user, request_id)) if request_id else None

    def take(self, entry: Entry) -> None:
        """An entry was committed."""
        if entry.id:
            self.learn([Accepted(entry.author.user, entry.id, entry.version, entry.answer)])

    def learn(self, accepted: Iterable[Accepted]) -> None:
        for one in accepted:
            self._recent[one.user, one.id] = one
        while len(self._recent) > MOST:
            self._recent.popitem(last=False)
            self.knows_all = False

    def all(self) -> list[Accepted]:
        """What is remembered, for the room that takes this one's place."""
        return list(self._recent.values())
