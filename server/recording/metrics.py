"""Metrics that count events when they happen. `server/status/gauges.py` has the other metrics.

Every label value comes from a fixed set, and every series exists from the start. So a client
cannot create a series. One call counts a document's whole part of a commit, to save time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, get_args

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.registry import Collector

from collab.entry import Lane
from collab.errors import Close, Code
from collab.room.requests import (
    Create,
    LockRequest,
    PatchRequest,
    Refused,
    Replace,
    RestoreVersion,
    UndoRequest,
    Update,
)
from server.recording.counters import SECONDS, SIZES, CounterFamily, Histogram

if TYPE_CHECKING:
    from collab.room.requests import Answer
    from server.broadcast.subscriber import Answered, Submission

LANES: tuple[Lane, ...] = get_args(Lane)
SOCKET_LANES = ("patch", "yjs")
OUTCOMES = ("accepted", "unchanged", "duplicate", "refused")
COMMITS = ("committed", "clash", "duplicate", "full", "held", "failed")
# Our own close codes, the usual codes of clients, and 1006 for a client that vanished.
CLOSES = {1000, 1005, 1006} | {code for code in vars(Close).values() if isinstance(code, int)}
OTHER = "other"
EDITS = (PatchRequest, Update, UndoRequest, Create, Replace, RestoreVersion, Refused)
# The metrics count refusals of these requests. All other requests only read, or are barriers, which
# `collab/room/requests.py` explains.
ASKED = (*EDITS, LockRequest)

AnyCollector = TypeVar("AnyCollector", bound=Collector)


class LaneMetrics:
    """The counters of one lane: each is the series with the label of this lane."""

    def __init__(self, metrics: Metrics, lane: str) -> None:
        self.catch_ups = metrics.catch_ups.labels(lane)
        self._held = {cause: metrics.stalls.labels(lane, cause) for cause in ("budget", "socket")}
        self._notices_sent = metrics.notices.labels("out")
        self._closes = {code: metrics.disconnects.labels(lane, str(code)) for code in CLOSES}
        self._other_close = metrics.disconnects.labels(lane, OTHER)

    def closed(self, code: int) -> None:
        """Count a close code. All codes outside `CLOSES` share one series."""
        self._closes.get(code, self._other_close).inc()

    def hold(self, *, full: bool, announced: bool) -> None:
        """Count a reader that its feed has paused, because of its full socket or of its budget."""
        self._held["socket" if full else "budget"].inc()
        if announced:
            self._notices_sent.inc()


class Metrics:
    """The counters of one process, in a registry of their own.

    Invariant: only the event loop counts, so no lock is needed.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._of_edits()
        self._of_connections()
        self._of_storage()
        self.loop_lag = self.add(
            Histogram("weft_loop_lag_seconds", "How late the event loop ran a timer.", SECONDS)
        ).labels()
        about = "Times that the event loop was blocked for WEFT_STALL_SECONDS or longer."
        self.loop_stalls = self.add(CounterFamily("weft_loop_stalls", about)).labels()
        self.lanes = {lane: LaneMetrics(self, lane) for lane in SOCKET_LANES}
        ProcessCollector(registry=self.registry)

    def add(self, collector: AnyCollector) -> AnyCollector:
        """Add a metric to the registry, which every scrape reads; return the metric."""
        self.registry.register(collector)
        return collector

    def _of_edits(self) -> None:
        about = "Requests to change a document, by their outcome."
        self.edits = self.add(CounterFamily("weft_edits", about, lane=LANES, outcome=OUTCOMES))
        self._accepted = {lane: self.edits.labels(lane, "accepted") for lane in LANES}
        codes = [code.value for code in Code]
        self.refusals = self.add(
            CounterFamily("weft_refusals", "Refusals by code.", lane=LANES, code=codes)
        )
        about = "From the arrival of an accepted edit until it is durable, and until it is sent."
        seconds = self.add(
            Histogram(
                "weft_edit_seconds", about, SECONDS, label="stage", values=("durable", "sent")
            )
        )
        self.durable, self.sent = seconds.labels("durable"), seconds.labels("sent")

    def _of_connections(self) -> None:
        codes = [*map(str, sorted(CLOSES)), OTHER]
        about = "WebSockets that ended, by close code."
        self.disconnects = self.add(
            CounterFamily("weft_disconnects", about, lane=SOCKET_LANES, code=codes)
        )
        about = "Times that a reader was held back, by its budget or by its full socket."
        causes = ("budget", "socket")
        self.stalls = self.add(CounterFamily("weft_stalls", about, lane=SOCKET_LANES, cause=causes))
        about = "Merged changes that brought a reader back to the head."
        self.catch_ups = self.add(CounterFamily("weft_catch_ups", about, lane=SOCKET_LANES))
        about = "Backpressure notices to clients, by direction."
        self.notices = self.add(
            CounterFamily("weft_backpressure_notices", about, direction=("in", "out"))
        )

    def _of_storage(self) -> None:
        about = "Documents in committed transactions, by the database's outcome for each."
        self.commits = self.add(CounterFamily("weft_commits", about, outcome=COMMITS))
        about = "How long a transaction took, including its wait for the database's writer."
        self.commit_seconds = self.add(Histogram("weft_commit_seconds", about, SECONDS)).labels()
        about = "Entries that a transaction wrote."
        self.commit_entries = self.add(Histogram("weft_commit_entries", about, SIZES)).labels()
        outcomes = ("saved", "failed")
        self.snapshots = self.add(CounterFamily("weft_snapshots", "Snapshots.", outcome=outcomes))
        about = "Times that a commit failed, or that its outcome was unknown."
        self.storage_troubles = self.add(CounterFamily("weft_storage_troubles", about)).labels()
        about = "Rows of the audit trail: written, dropped by the rate limit, or lost."
        ends = ("written", "capped", "lost")
        self.audit = self.add(CounterFamily("weft_audit_rows", about, outcome=ends))

    # --- what happens -----------------------------------------------------------------------

    def count_batch(self, batch: Sequence[Answered], durable_at: float, sent_at: float) -> None:
        """Count one document's part of a commit, after it was sent to the subscribers."""
        accepted, durable, sent = self._accepted, self.durable.observe, self.sent.observe
        for submission, answer in batch:
            if answer.entry is not None:
                accepted[submission.member.lane].value += submission.count
                received_at = submission.received_at
                durable(durable_at - received_at)
                sent(sent_at - received_at)
            elif isinstance(submission.request, ASKED):
                self._count_without_entry(submission, answer)

    def _count_without_entry(self, submission: Submission, answer: Answer) -> None:
        lane = submission.member.lane
        if isinstance(submission.request, EDITS):
            self.edits.labels(lane, outcome_of(answer)).inc(submission.count)
        if answer.refusal is not None and submission.deliver is None:
            self.refuse(lane, answer.refusal.code)

    def refuse(self, lane: str, code: Code) -> None:
        """Count a refusal. HTTP refusals are counted when their response is made."""
        self.refusals.labels(lane, code.value).inc()

    @property
    def accepted(self) -> int:
        """The accepted edits of all lanes since the start."""
        return sum(count.value for count in self._accepted.values())


def outcome_of(answer: Answer) -> str:
    """Return the outcome of a request that made no entry."""
    if answer.refusal is not None:
        return "refused"
    return "duplicate" if "duplicate" in answer.ack else "unchanged"
