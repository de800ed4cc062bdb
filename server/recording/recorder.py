"""The recorder: gets each event once, counts it, and adds it to the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from collab.errors import Code
from collab.ports.audit import AuditRow
from collab.ports.store import Clash, Committed, Duplicate, Full, Held
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
from server.recording.audit_trail import NOWHERE, AuditTrail, about, origin_of
from server.recording.connections import Connections
from server.recording.metrics import Metrics

if TYPE_CHECKING:
    from collab.errors import Refusal
    from collab.ids import DocKey
    from collab.messages import LockChange
    from collab.ports.audit import Audit
    from collab.ports.store import Append, Outcome
    from collab.room.member import Member
    from collab.room.requests import Request
    from server.broadcast.subscriber import Answered, Submission
    from server.recording.connections import ConnectionInfo, Reader
    from server.runtime.clock import Clock

_VERBS: dict[type, str] = {
    Create: "create",
    PatchRequest: "edit",
    Update: "edit",
    Replace: "edit",
    Refused: "edit",
    RestoreVersion: "restore",
}
_OUTCOMES: dict[type, str] = {
    Committed: "committed",
    Clash: "clash",
    Duplicate: "duplicate",
    Full: "full",
    Held: "held",
}


class Recorder:
    """Counts events and adds them to the audit trail. It has one method for each kind of event.

    It is an `AnswerObserver` of every document.

    Invariant: no method waits, and no record has content of a document.
    """

    def __init__(self, audit: Audit, clock: Clock, metrics: Metrics | None = None) -> None:
        self._clock = clock
        self.metrics = metrics or Metrics()
        self.trail = AuditTrail(audit, clock, self.metrics)
        self.connections = Connections(clock)
        commits = self.metrics.commits
        self._outcomes = {kind: commits.labels(name) for kind, name in _OUTCOMES.items()}

    # --- the commit loop --------------------------------------------------------------------

    def on_broadcast(self, key: DocKey, answered: Sequence[Answered], durable_at: float) -> None:
        """Record a document's part of a commit, after it became durable and was sent."""
        self.metrics.count_batch(answered, durable_at, self._clock.monotonic())
        for submission, answer in answered:
            entry = answer.entry
            if entry is not None:
                self.trail.wrote(key, submission.member, entry.kind, entry.version, entry.at)
            elif answer.refusal is not None and submission.deliver is None:
                self._refused(key, submission, answer.refusal)

    def transaction_ended(
        self, appends: Iterable[Append], outcomes: Sequence[Outcome], seconds: float
    ) -> None:
        """Record the end of a transaction."""
        entries = 0
        for append, outcome in zip(appends, outcomes, strict=True):
            entries += len(append.entries)
            self._outcomes[type(outcome)].value += 1
        self.metrics.commit_entries.observe(entries)
        self.metrics.commit_seconds.observe(seconds)

    def commit_failed(self) -> None:
        """Record a commit that failed or has an unknown outcome."""
        self.metrics.commits.labels("failed").inc()
        self.metrics.storage_troubles.inc()

    def _refused(self, key: DocKey, submission: Submission, refusal: Refusal) -> None:
        request = submission.request
        action = action_of(request)
        if action:
            asked = {"asked": request.action} if isinstance(request, LockRequest) else {}
            row = self._row(submission.member, action, refusal.code.value, asked)
            self.trail.refused(key, row)

    # --- connections ------------------------------------------------------------------------

    def admitted(self, info: ConnectionInfo, key: DocKey, member: Member, feed: Reader) -> None:
        info.admit(key, member, feed)
        self.trail.note(key, self._row(member, "open"))

    def connection_refused(self, info: ConnectionInfo, refusal: Refusal) -> None:
        """Record a WebSocket that is not admitted. Its user is known when its token was valid."""
        self.metrics.refuse(info.lane, refusal.code)
        key, user = info.asker or (NOWHERE, "")
        at, peer, detail = self._clock.now_ms(), info.socket.peer, {"lane": info.lane}
        row = AuditRow(at, user, "open", peer, refusal.code.value, detail=detail)
        self.trail.refused(key, row)

    def refused_message(self, key: DocKey, member: Member, refusal: Refusal) -> None:
        """Record a message that the session refused before the commit loop got it."""
        self.metrics.refuse(member.lane, refusal.code)
        self.trail.refused(key, self._row(member, "message", refusal.code.value))

    def closed(self, info: ConnectionInfo, code: int) -> None:
        self.connections.leave(info)
        self.metrics.lanes[info.lane].closed(code)
        if info.key is not None and info.member is not None:
            self.trail.note(info.key, self._row(info.member, "close", detail={"code": code}))

    # --- everything else --------------------------------------------------------------------

    def did(self, key: DocKey, member: Member, action: str, **detail: Any) -> None:
        """Record an action of a member that makes no entry in the document's log."""
        self.trail.note(key, self._row(member, action, detail=detail))

    def on_locks_changed(
        self, key: DocKey, events: Iterable[LockChange], by: Member | None, asked: str
    ) -> None:
        """Record locks that began, got a claimant or ended, by a request, a timeout or an edit."""
        no_one = AuditRow(self._clock.now_ms(), "", "")
        who = self._row(by, "", detail={"asked": asked}) if by is not None else no_one
        for event in events:
            detail: dict[str, Any] = {"lock": event.id, "scope": event.scope, "fence": event.fence}
            if event.holder is not None:
                detail["holder"] = event.holder.user
            if event.claimed_by:
                detail["claimed_by"] = event.claimed_by.user
            if event.reason:
                detail["reason"] = event.reason
            action = "lock" if event.holder is not None else "unlock"
            row = replace(who, action=action, detail={**who.detail, **detail})
            self.trail.moved_lock(key, row)

    def refused_over_http(
        self, refusal: Refusal, peer: str, asker: tuple[DocKey, str] | None, method: str
    ) -> None:
        """Record a refused HTTP request. `asker` is known after a valid token for a document."""
        self.metrics.refuse("http", refusal.code)
        if asker is None and refusal.code is not Code.UNAUTHENTICATED:
            return
        key, user = asker or (NOWHERE, "")
        detail = {"lane": "http", "method": method}
        at = self._clock.now_ms()
        row = AuditRow(at, user, "request", peer, refusal.code.value, detail=detail)
        self.trail.refused(key, row)

    def _row(
        self,
        member: Member,
        action: str,
        outcome: str = "ok",
        detail: dict[str, Any] | None = None,
    ) -> AuditRow:
        detail = {**about(member), **(detail or {})}
        at = self._clock.now_ms()
        return AuditRow(at, member.author.user, action, origin_of(member), outcome, detail=detail)


def action_of(request: Request) -> str:
    """Return the action that a request tries; empty for a request that only reads."""
    if isinstance(request, UndoRequest):
        return "redo" if request.redo else "undo"
    if isinstance(request, LockRequest):
        return "unlock" if request.action == "release" else "lock"
    return _VERBS.get(type(request), "")
