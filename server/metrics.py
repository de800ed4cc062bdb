"""Metrics: what is counted as it happens; what merely stands at a moment is in the census.

Every label comes from a fixed set, and every child is made at the start: nothing that a client
chose can become a series. The hot path adds up a commit at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry, Counter, ProcessCollector
from prometheus_client.registry import Collector

from collab.entry import Lane
from collab.errors import Close, Code
from collab.room.requests import (
    Create,
    PatchRequest,
    Refuse,
    Replace,
    Restore,
    Revert,
    Update,
)
from server.histogram import SECONDS, SIZES, Distribution, Histogram

if TYPE_CHECKING:
    from collab.room.requests import Answer
    from server.audience import Answered

LANES: tuple[str, ...] = get_args(Lane)
SOCKET_LANES = ("patch", "yjs")
OUTCOMES = ("accepted", "unchanged", "duplicate", "refused")
COMMITS = ("committed", "clash", "duplicate", "failed")
CAUSES = ("budget", "socket")
CLOSES = frozenset(
    {1000, 1005, 1006} | {code for code in vars(Close).values() if isinstance(code, int)}
)
OTHER = "other"
EDITS = (PatchRequest, Update, Revert, Create, Replace, Restore, Refuse)


class LaneMetrics:
    """What one lane counts, its labels bound."""

    def __init__(self, metrics: Metrics, lane: str) -> None:
        self.held = {cause: metrics.stalls.labels(lane, cause) for cause in CAUSES}
        self.catch_ups = metrics.catch_ups.labels(lane)
        self.flow = metrics.backpressure
        self._closes = {str(code): metrics.disconnects.labels(lane, str(code)) for code in CLOSES}
        self._closes[OTHER] = metrics.disconnects.labels(lane, OTHER)

    def closed(self, code: int) -> None:
        """A client may close with any of a thousand codes; only those that mean something count."""
        self._closes[str(code) if code in CLOSES else OTHER].inc()

    def hold(self, *, full: bool, told: bool) -> None:
        """A reader stopped here: for its full socket, or by its budget."""
        self.held["socket" if full else "budget"].inc()
        if told:
            self.flow["out"].inc()


class Metrics:
    """The counters of one process, in a registry of its own.

    Invariant: only the event loop counts, except for the loop's stalls, which are counted by
    whoever notices them.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = registry or CollectorRegistry()
        self._count_edits(registry)
        self._count_connections(registry)
        self._count_storage(registry)
        self._count_process(registry)
        self.lanes = {lane: LaneMetrics(self, lane) for lane in SOCKET_LANES}
        self.accepted = 0  # of all lanes, for the status page
        self.refused = 0

    def _count_edits(self, registry: CollectorRegistry) -> None:
        edits = Counter(
            "weft_edits",
            "Requests to change a document, by what became of them.",
            ["lane", "outcome"],
            registry=registry,
        )
        self._edits = {(a, b): edits.labels(a, b) for a in LANES for b in OUTCOMES}
        refusals = Counter(
            "weft_refusals", "Refusals by code.", ["lane", "code"], registry=registry
        )
        self._refusals = {
            (lane, code): refusals.labels(lane, code.value) for lane in LANES for code in Code
        }
        seconds = Histogram(
            "weft_edit_seconds",
            "From the arrival of an accepted edit until it is durable, and until it is sent.",
            SECONDS,
            label="stage",
            values=("durable", "sent"),
        )
        registry.register(seconds)
        self.durable, self.sent = seconds.labels("durable"), seconds.labels("sent")

    def _count_connections(self, registry: CollectorRegistry) -> None:
        self.disconnects = Counter(
            "weft_disconnects",
            "Connections that ended, by close code.",
            ["lane", "code"],
            registry=registry,
        )
        self.stalls = Counter(
            "weft_stalls",
            "Readers that were held back, over their budget or with a full socket.",
            ["lane", "cause"],
            registry=registry,
        )
        self.catch_ups = Counter(
            "weft_catch_ups",
            "Merged changes that brought a reader back to the head.",
            ["lane"],
            registry=registry,
        )
        notices = Counter(
            "weft_backpressure_notices",
            "Clients that were told to wait, by direction.",
            ["direction"],
            registry=registry,
        )
        self.backpressure = {way: notices.labels(way) for way in ("in", "out")}

    def _count_storage(self, registry: CollectorRegistry) -> None:
        commits = Counter(
            "weft_commits",
            "Documents' parts of commits, by what the database said.",
            ["outcome"],
            registry=registry,
        )
        self._commits = {outcome: commits.labels(outcome) for outcome in COMMITS}
        self.commit_seconds = self._plain(
            "weft_commit_seconds", "How long a transaction took, its queueing included.", SECONDS
        )
        self.commit_entries = self._plain(
            "weft_commit_entries", "Entries that one transaction wrote.", SIZES
        )
        snapshots = Counter("weft_snapshots", "Snapshots.", ["outcome"], registry=registry)
        self.snapshots = {outcome: snapshots.labels(outcome) for outcome in ("saved", "failed")}
        self.storage_troubles = Counter(
            "weft_storage_troubles",
            "Times that the database stopped taking edits.",
            registry=registry,
        )
        audit = Counter(
            "weft_audit_rows",
            "Rows of the audit trail: written, left out by the cap on refusals, or lost.",
            ["outcome"],
            registry=registry,
        )
        self.audit = {word: audit.labels(word) for word in ("written", "capped", "lost")}

    def _count_process(self, registry: CollectorRegistry) -> None:
        self.loop_lag = self._plain(
            "weft_loop_lag_seconds", "How late the event loop came to a timer.", SECONDS
        )
        self.loop_stalls = Counter(
            "weft_loop_stalls",
            "Times that the event loop stood still for longer than WEFT_STALL_SECONDS.",
            registry=registry,
        )
        ProcessCollector(registry=registry)

    def _plain(self, name: str, documentation: str, bounds: Sequence[float]) -> Distribution:
        histogram = Histogram(name, documentation, bounds)
        self.registry.register(histogram)
        return histogram.labels()

    def add(self, collector: Collector) -> None:
        """Read this too on every scrape."""
        self.registry.register(collector)

    # --- what happens -----------------------------------------------------------------------

    def settled(self, batch: Sequence[Answered], durable_at: float, sent_at: float) -> None:
        """One document's part of a commit was sent to everybody who could take it."""
        counted: dict[tuple[Lane, str], int] = {}
        for submission, answer in batch:
            if not isinstance(submission.request, EDITS):
                continue
            outcome = outcome_of(answer)
            what = submission.member.lane, outcome
            counted[what] = counted.get(what, 0) + 1
            if outcome == "accepted":
                received_at = submission.received_at
                self.durable.observe(durable_at - received_at)
                self.sent.observe(sent_at - received_at)
            elif answer.refusal is not None and submission.deliver is None:
                self.refuse(submission.member.lane, answer.refusal.code)
        for what, number in counted.items():
            self._edits[what].inc(number)
            if what[1] == "accepted":
                self.accepted += number

    def refuse(self, lane: str, code: Code) -> None:
        """HTTP's refusals are counted where they become an answer, all others where they arise."""
        self._refusals[lane, code].inc()
        self.refused += 1

    def committed(self, entries: int, seconds: float) -> None:
        self.commit_entries.observe(entries)
        self.commit_seconds.observe(seconds)

    def judged(self, outcome: str, number: int = 1) -> None:
        self._commits[outcome].inc(number)


def outcome_of(answer: Answer) -> str:
    if answer.refusal is not None:
        return "refused"
    if answer.entry is not None:
        return "accepted"
    return "duplicate" if "duplicate" in answer.ack else "unchanged"
