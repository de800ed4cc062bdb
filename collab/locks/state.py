"""Edit locks: which client holds which part of a document, until when, and how this changes.

Rules L1-L12 of SPEC.md. The states of one scope:

| state   | event                                  | next    | broadcast                          |
|---------|----------------------------------------|---------|------------------------------------|
| free    | `acquire`                              | held    | the lock                           |
| held    | `acquire` or `renew` by its holder     | held    | the lock, with a later end         |
| held    | `release` by its holder, or by secret  | free    | ended: released                    |
| held    | it expires                             | free    | ended: expired                     |
| held    | `take_over` by another client          | claimed | `claimed_by`, `yields_at`          |
| held    | `take_over` by an admin, or no grace   | held    | ended: taken_over; the new lock    |
| claimed | `keep` by its holder                   | held    | the lock, no longer claimed        |
| claimed | `release` by the claimant              | held    | the lock, no longer claimed        |
| claimed | `release` by its holder, or by secret  | held    | ended: released; the new lock      |
| claimed | `yields_at` passes, or it expires      | held    | ended: taken_over; the new lock    |
| claimed | `take_over` by a third client          | claimed | refused: `locked`                  |
| any     | its element moved                      | same    | the lock with its new scope        |
| any     | its element was removed                | free    | ended: deleted                     |

`acquire` by another client is refused as `locked`. `renew` of a lock that has ended is refused as
`stale_lock`. Each new lock of a document has a higher fence: a number that an edit can name. A new
holder of a scope gets a *new* lock with a new id and fence. So the server recognizes a late edit
that the former holder sends with the old fence.

Each transition increases the document's control revision by one, and grants at most one lock. So
`revision + 1` is a fence that no lock had before, and fences need no counter of their own. Times
are milliseconds of the database's clock.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from msgspec.structs import replace as changed

from collab.entry import Author
from collab.errors import Code, Refusal
from collab.ids import Json
from collab.locks import events, scopes
from collab.locks.events import Reason, locked_refusal, stale_refusal
from collab.locks.scopes import check_element, overlap, same_client
from collab.locks.terms import DEFAULT_TERMS, MAX_LOCKS, LockTerms
from collab.messages import LockChange, LockState
from collab.patch.relocate import AppliedChange
from collab.ports.locks import StoredLock


@dataclass(frozen=True, slots=True)
class LockStep:
    """A transition: the state after it, the events to broadcast, and the rows to write.

    The rows are written only if the document still has `revision`. If not, the step is discarded.
    """

    locks: Locks
    revision: int
    events: tuple[LockChange, ...] = ()
    put: tuple[StoredLock, ...] = ()
    drop: tuple[str, ...] = ()
    lock: StoredLock | None = None  # the requested lock, as it is after the transition

    @property
    def is_written(self) -> bool:
        """Whether there are rows to write or to delete."""
        return bool(self.put or self.drop)


@dataclass(frozen=True, slots=True)
class Locks:
    """A document's locks at a control revision; their scopes are locations in `version`.

    Invariants: no two scopes overlap. Each lock has its own fence, and no fence exceeds `revision`.
    Each lock stays until exactly one event ends it.
    """

    revision: int = 0
    held: tuple[StoredLock, ...] = ()
    version: int = 0
    terms: LockTerms = DEFAULT_TERMS

    # --- requests -------------------------------------------------------------------------

    def acquire(
        self,
        by: Author,
        scope: str,
        value: Json,
        *,
        now: int,
        secret: bytes,
        ttl: float | None = None,
    ) -> LockStep | Refusal:
        """Lock an element of `value`. Refuse while another lock is on, above or below it."""
        missing = check_element(scope, value)
        if missing is not None:
            return missing
        lapsed: list[StoredLock] = []
        for lock in self.held:
            if not overlap(lock.scope, scope):
                continue
            if lock.scope == scope and same_client(lock.holder, by) and lock.expires_at > now:
                return self.renew(lock.id, by, now=now, secret=secret, ttl=ttl)
            if lock.expires_at > now or not same_client(lock.claimed_by or by, by):
                return locked_refusal(lock)
            lapsed.append(lock)
        if len(self.held) - len(lapsed) >= MAX_LOCKS:
            return Refusal(
                Code.QUOTA_EXCEEDED,
                f"the document has {MAX_LOCKS} locks, the most allowed; release a lock first",
                {},
            )
        new = self._grant(by, scope, now, ttl, secret)
        return self._step(put=[new], end=[(lock, "expired") for lock in lapsed], lock=new)

    def renew(
        self, lock_id: str, by: Author, *, now: int, secret: bytes, ttl: float | None = None
    ) -> LockStep | Refusal:
        """Extend a lock, with a new secret. The old secret stays valid: the ack may be lost."""
        lock = self.find(lock_id)
        if lock is None or lock.expires_at <= now:
            return stale_refusal(None)
        if not same_client(lock.holder, by):
            return locked_refusal(lock)
        renewed = changed(
            lock,
            expires_at=now + self.terms.ttl_ms(ttl),
            secret_hash=_digest(secret) + lock.secret_hash[:32],
            version=self.version,
        )
        return self._step(put=[renewed], lock=renewed)

    def release(self, lock_id: str, by: Author, *, now: int) -> LockStep | Refusal:
        """Release the holder's lock, or withdraw the claimant's take-over."""
        lock = self.find(lock_id)
        if lock is None:
            return events.missing_refusal()
        if lock.claimed_by is not None and same_client(lock.claimed_by, by):
            return self._unclaim(lock)
        if not same_client(lock.holder, by):
            return locked_refusal(lock)
        return self._pass_on(lock, "released", now)

    def release_by_secret(self, lock_id: str, secret: bytes, *, now: int) -> LockStep | Refusal:
        """Release a lock by its secret, without a token. A page does this when its user leaves."""
        lock, digest = self.find(lock_id), _digest(secret)
        known = lock.secret_hash if lock is not None else b""
        if lock is None or not any(
            hmac.compare_digest(digest, known[at : at + 32]) for at in (0, 32)
        ):
            return events.missing_refusal()
        return self._pass_on(lock, "released", now)

    def take_over(
        self, lock_id: str, by: Author, *, now: int, secret: bytes = b"", admin: bool = False
    ) -> LockStep | Refusal:
        """Claim another client's lock: the claimant gets it at `yields_at`, or at once.

        Until `yields_at`, the holder can `keep` it. `secret` is for a lock that is granted at once.
        """
        lock = self.find(lock_id)
        if lock is None:
            return events.missing_refusal()
        if same_client(lock.holder, by):
            return self._step(lock=lock)
        grace = self.terms.grace_ms
        is_over = lock.expires_at <= now and lock.claimed_by is None
        if admin or grace <= 0 or is_over:
            claimed = changed(lock, claimed_by=by)
            return self._pass_on(claimed, "taken_over", now, secret=secret)
        if lock.claimed_by is not None:
            is_mine = same_client(lock.claimed_by, by)
            return self._step(lock=lock) if is_mine else locked_refusal(lock)
        claimed = changed(lock, claimed_by=by, yields_at=now + grace, version=self.version)
        return self._step(put=[claimed], lock=claimed)

    def keep(self, lock_id: str, by: Author) -> LockStep | Refusal:
        """Decline a take-over as the holder; the claimant may ask again."""
        lock = self.find(lock_id)
        if lock is None:
            return events.missing_refusal()
        if not same_client(lock.holder, by):
            return locked_refusal(lock)
        return self._step(lock=lock) if lock.claimed_by is None else self._unclaim(lock)

    # --- time and document changes --------------------------------------------------------

    def expire(self, now: int) -> LockStep | None:
        """End the expired locks, and give one due lock to its claimant; None if none is due."""
        over: list[tuple[StoredLock, Reason]] = [
            (lock, "expired")
            for lock in self.held
            if lock.expires_at <= now and lock.claimed_by is None
        ]
        for lock in self.held:
            if lock.claimed_by is not None and min(lock.yields_at, lock.expires_at) <= now:
                return self._pass_on(lock, "taken_over", now, over)
        return self._step(end=over) if over else None

    def due_at(self) -> int | None:
        """Return the time of the next `expire`; in the past when several claims are due at once."""
        times = [
            lock.expires_at if lock.claimed_by is None else min(lock.yields_at, lock.expires_at)
            for lock in self.held
        ]
        return min(times, default=None)

    def relocate(self, *history: AppliedChange) -> LockStep:
        """Relocate the scopes with their elements, through committed changes in order."""
        if not history:
            return self._step()
        end: list[tuple[StoredLock, Reason]] = []
        moved: dict[str, StoredLock] = {}
        followers = scopes.possibly_moved(self.held, history)
        moved_to = scopes.relocated_scopes(followers, history)
        for lock in followers:
            scope = moved_to.get(lock.id)
            if scope is None:
                end.append((lock, "deleted"))
            elif scope != lock.scope:
                moved[lock.id] = changed(lock, scope=scope, version=history[-1].version)
        gone = {lock.id for lock, _ in end}
        stay = [moved.get(lock.id, lock) for lock in self.held if lock.id not in gone]
        for lock in scopes.overlapping(stay) if moved else ():
            moved.pop(lock.id, None)
            end.append((lock, "released"))
        at = replace(self, version=history[-1].version)
        return at._step(put=list(moved.values()), end=end)

    @staticmethod
    def load(
        revision: int,
        rows: Iterable[StoredLock],
        version: int,
        history: Sequence[AppliedChange] = (),
        terms: LockTerms = DEFAULT_TERMS,
    ) -> LockStep:
        """Return the locks at `version`, relocated from each row's version through `history`."""
        held = tuple(sorted(rows, key=lambda lock: lock.fence))
        return Locks(revision, held, version, terms).relocate(*history)

    # --- queries --------------------------------------------------------------------------

    def find(self, lock_id: str) -> StoredLock | None:
        """Return the lock with this id, or None."""
        return next((lock for lock in self.held if lock.id == lock_id), None)

    def at(self, scope: str) -> StoredLock | None:
        """Return the lock on this scope or on a parent of it, or None."""
        over = [lock for lock in self.held if f"{scope}/".startswith(f"{lock.scope}/")]
        return over[0] if over else None

    def states(self, now: int = 0) -> list[LockState]:
        """Return the unexpired locks, for a client that opens the document."""
        return [events.state_of(lock) for lock in self.held if lock.expires_at > now]

    # --- building a transition ------------------------------------------------------------

    def _grant(
        self, to: Author, scope: str, now: int, ttl: float | None, secret: bytes
    ) -> StoredLock:
        fence = self.revision + 1
        return StoredLock(
            id=f"l-{fence}",
            scope=scope,
            holder=to,
            fence=fence,
            acquired_at=now,
            expires_at=now + self.terms.ttl_ms(ttl),
            secret_hash=_digest(secret) if secret else b"",
            version=self.version,
        )

    def _pass_on(
        self,
        lock: StoredLock,
        reason: Reason,
        now: int,
        over: Sequence[tuple[StoredLock, Reason]] = (),
        secret: bytes = b"",
    ) -> LockStep:
        """End a lock. When it has a claimant, the claimant gets a new lock."""
        end = [*over, (lock, reason)]
        if lock.claimed_by is None:
            return self._step(end=end)
        # Without a secret, the new holder gets its first secret with the ack of its first renew.
        new = self._grant(lock.claimed_by, lock.scope, now, None, secret)
        return self._step(put=[new], end=end, lock=new)

    def _unclaim(self, lock: StoredLock) -> LockStep:
        kept = changed(lock, claimed_by=None, yields_at=0, version=self.version)
        return self._step(put=[kept], lock=kept)

    def _step(
        self,
        *,
        put: Sequence[StoredLock] = (),
        end: Sequence[tuple[StoredLock, Reason]] = (),
        lock: StoredLock | None = None,
    ) -> LockStep:
        if not put and not end:
            return LockStep(self, self.revision, lock=lock)
        gone = {one.id for one, _ in end} | {one.id for one in put}
        held = [one for one in self.held if one.id not in gone] + list(put)
        held.sort(key=lambda one: one.fence)
        return LockStep(
            replace(self, revision=self.revision + 1, held=tuple(held)),
            self.revision,
            (*(events.ended(one, reason) for one, reason in end), *map(events.held, put)),
            tuple(put),
            tuple([one.id for one, _ in end]),
            lock,
        )


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
