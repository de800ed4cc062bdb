"""The audit trail: who did what to which document, when and from where.

Rows wait in memory, and one task writes them to the database about once a second. So an edit does
not wait for its own row, and a crash loses about one second of rows. A crash loses no edit: the log
has each edit, with author and time. Between two writes of the task, the edits of one kind from one
session share one row. It lists their versions.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from collab.errors import Code
from collab.flow.budget import Budget
from collab.ids import DocKey
from collab.ports.audit import AuditRow
from collab.ports.store import StorageUnavailable

if TYPE_CHECKING:
    from collab.ports.audit import Audit
    from collab.room.member import Member
    from server.recording.metrics import Metrics
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

WRITE_EVERY = 1.0
# Rows, and versions of edits, that may wait while the database does not answer.
MOST = 20_000
# Rows in one transaction. It takes one or two milliseconds, and half of that without any row.
# SQLite has one writer, so a commit of edits waits until this transaction ends.
AT_ONCE = 192
# Rows that one transaction drops, and the seconds between two such transactions. A million rows at
# once would delay every edit for seconds (measured).
DROP_AT_ONCE = 500
DROP_EVERY = 0.02
# Rows of one kind for a document: the rate per second, and the burst. A client that retries a
# request or renews a lock for ever must not fill the database.
REFUSALS = (1.0, 60)
LOCKS = (10.0, 200)
MAX_CAPS = 4096  # budgets in memory; the least recently used one is dropped first
DAY_MS = 86_400_000
# The key of rows without a tenant or document, for example of requests without a token.
NOWHERE = DocKey("", "")

Row = tuple[DocKey, AuditRow]
Cap = tuple[float, int]


@dataclass(slots=True)
class Writing:
    """The edits of one kind that one session made since the last write, as ranges of versions."""

    member: Member
    kind: str
    at: int
    version: int = 0
    count: int = 0
    ranges: list[list[int]] = field(default_factory=list)

    def add(self, version: int, at: int) -> None:
        if self.version == version - 1 and self.ranges:
            self.ranges[-1][1] = version
        else:
            self.ranges.append([version, version])
        self.version, self.at, self.count = version, at, self.count + 1

    def row(self) -> AuditRow:
        detail: dict[str, Any] = about(self.member)
        if self.count > 1:
            detail |= {"requests": self.count, "versions": self.ranges}
        author = self.member.author
        return AuditRow(
            self.at, author.user, self.kind, origin_of(self.member), "ok", self.version, detail
        )


class AuditTrail:
    """The rows that wait for the next write to the database.

    Invariant: at most `2 * most` rows wait, and at most `most` versions. The trail drops and counts
    further rows. It keeps the oldest rows: the beginning of an incident explains more than its end.
    """

    def __init__(self, audit: Audit, clock: Clock, metrics: Metrics, most: int = MOST) -> None:
        self._audit = audit
        self._clock = clock
        self._metrics = metrics
        self._most = most
        self._rows: deque[Row] = deque()
        self._tried: list[Row] = []  # a write of these rows has begun; the database may have them
        self._writings: dict[tuple[DocKey, Member, str], Writing] = {}
        self._versions = 0
        self._caps: OrderedDict[tuple[DocKey, Cap], Budget] = OrderedDict()
        self._writing = asyncio.Lock()  # held while rows are written to the database

    def __len__(self) -> int:
        return len(self._tried) + len(self._rows) + self._versions

    # --- what happened ----------------------------------------------------------------------

    def note(self, key: DocKey, row: AuditRow) -> None:
        """Add a row, or count it as lost when too many wait."""
        if len(self._tried) + len(self._rows) < self._most:
            self._rows.append((key, row))
        else:
            self._metrics.audit.labels("lost").inc()

    def wrote(self, key: DocKey, member: Member, kind: str, version: int, at: int) -> None:
        """Note an entry that became durable."""
        if self._versions >= self._most:
            self._metrics.audit.labels("lost").inc()
            return
        who = key, member, kind
        writing = self._writings.get(who)
        if writing is None:
            writing = self._writings[who] = Writing(member, kind, at)
        writing.add(version, at)
        self._versions += 1

    def refused(self, key: DocKey, row: AuditRow) -> None:
        """Add the row of a refused request, up to `REFUSALS`. Further rows are only counted.

        All missing documents of a tenant share one budget of rows, because a client can invent
        names without end.
        """
        is_made_up = row.outcome == Code.NOT_FOUND
        capped = DocKey(key.tenant, "") if is_made_up else key
        self._note_within(self._cap(capped, REFUSALS), key, row)

    def moved_lock(self, key: DocKey, row: AuditRow) -> None:
        """Add the row of a change to a lock, up to `LOCKS`. Further rows are only counted."""
        self._note_within(self._cap(key, LOCKS), key, row)

    def _note_within(self, cap: Budget, key: DocKey, row: AuditRow) -> None:
        if cap.try_spend(1, self._clock.monotonic()):
            self.note(key, row)
        else:
            self._metrics.audit.labels("capped").inc()

    def _cap(self, key: DocKey, kind: Cap) -> Budget:
        cap = self._caps.get((key, kind))
        if cap is None:
            cap = self._caps[key, kind] = Budget(*kind, self._clock.monotonic())
            if len(self._caps) > MAX_CAPS:
                self._caps.popitem(last=False)
        self._caps.move_to_end((key, kind))
        return cap

    # --- to the database --------------------------------------------------------------------

    async def run(self) -> None:
        """Write the waiting rows every `WRITE_EVERY` seconds, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Write the rows of all events up to now, and the rows that come meanwhile.

        Later edits wait for the next call, so that the edits of a session can share a row. When the
        database does not answer, all rows wait.
        """
        async with self._writing:
            has_all = self._gather()
            while self._tried or self._rows:
                again, rows = bool(self._tried), self._tried or self._next_rows()
                self._tried = rows
                try:
                    await self._audit.write_audit(rows, again=again)
                except StorageUnavailable:
                    logger.warning("the audit trail could not be written; its rows wait")
                    return
                self._tried = []
                self._metrics.audit.labels("written").inc(len(rows))
                has_all = has_all or self._gather()

    def _next_rows(self) -> list[Row]:
        return [self._rows.popleft() for _ in range(min(AT_ONCE, len(self._rows)))]

    async def drop_older_than(self, days: int) -> int:
        """Drop rows older than `days` in small transactions; return how many rows were dropped."""
        before, dropped = self._clock.now_ms() - days * DAY_MS, 0
        while gone := await self._audit.drop_audit(before, DROP_AT_ONCE):
            dropped += gone
            await asyncio.sleep(DROP_EVERY)
        return dropped

    def _gather(self) -> bool:
        """Turn the noted edits into rows, and sort the rows by time.

        Return False, and do nothing, when too many rows wait.
        """
        if len(self._tried) + len(self._rows) >= self._most:
            return False
        writings, self._writings = self._writings, {}
        self._versions = 0
        if writings:
            self._rows.extend((who[0], writing.row()) for who, writing in writings.items())
            self._rows = deque(sorted(self._rows, key=lambda row: row[1].at))
        return True


def origin_of(member: Member) -> str:
    """Return the client's IP address and port, and its session id if it has a session."""
    return f"{member.origin} {member.author.session}".strip()


def about(member: Member) -> dict[str, Any]:
    """Return the details of a row that describe the client: its lane, its program, its user's name.

    A name that is only the user's id is left out.
    """
    author = member.author
    named = {"name": author.name} if author.name not in ("", author.user) else {}
    client = {"client": author.client} if author.client else {}
    return {"lane": member.lane, **client, **named}
