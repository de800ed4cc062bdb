"""Edit locks: who holds which part of a document, until when, and how it changes hands.

Rules L1-L12 of SPEC.md. One scope, as its locks come and go:

| state   | event                                  | next    | broadcast                          |
|---------|----------------------------------------|---------|------------------------------------|
| free    | `acquire`                              | held    | the lock                           |
| held    | `acquire` or `renew` by its holder     | held    | the lock, with a later end         |
| held    | `release` by its holder, or by secret  | free    | ended: released                    |
| held    | its time is over                       | free    | ended: expired                     |
| held    | `take_over` by another client          | claimed | `claimed_by`, `yields_at`          |
| held    | `take_over` by an admin, or no grace   | held    | ended: taken_over; the new lock    |
| claimed | `keep` by its holder                   | held    | the lock, no longer claimed        |
| claimed | `release` by the claimant              | held    | the lock, no longer claimed        |
| claimed | `release` by its holder, or by secret  | held    | ended: released; the new lock      |
| claimed | `yields_at`, or its own time is over   | held    | ended: taken_over; the new lock    |
| claimed | `take_over` by a third                 | claimed | refused: `locked`                  |
| any     | its element moved                      | same    | the lock under its new scope       |
| any     | its element is gone                    | free    | ended: deleted                     |

`acquire` by another client is refused as `locked`, `renew` of a lock that is gone as `stale_lock`.
A new holder of a scope holds a *new* lock with a new id and fence, so an edit that the holder
before still sends under the old fence is known to be late.

Every write of locks moves the document's control revision by one, and a transition grants one
lock at most, so `revision + 1` is a fence that was never given before and needs no counter of its
own. Times are milliseconds of the database's clock.
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
    """A transition: the state after it, what to broadcast, and the rows to write at `revision`.

    When the rows cannot be written because the revision has moved, the step does not count.
    """

    locks: Locks
    revision: int
    events: tuple[LockChange, ...] = ()
    put: tuple[StoredLock, ...] = ()
    drop: tuple[str, ...] = ()
    lock: StoredLock | None = None  # the lock that was asked for, as it is now

    @property
    def is_written(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.put or self.drop)


@dataclass(frozen=True, slots=True)
class Locks:
    """A document's locks at a control revision; their scopes are locations in `version`.

    Invariants: no two locks overlap (one scope within another); each has its own fence, all of
    them at most `revision`; a lock is there until one event says that it ended.
    """

    revision: int = 0
    held: tuple[StoredLock, ...] = ()
    version: int = 0
    terms: LockTerms = DEFAULT_TERMS

    # --- what is asked for ----------------------------------------------------------------

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
        """An element of `value` for one client; refused while anything above or below is held."""
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
            return Refusal(Code.QUOTA_EXCEEDED, f"A document has at most {MAX_LOCKS} locks.", {})
        new = self._grant(by, scope, now, ttl, secret)
        return self._step(put=[new], end=[(lock, "expired") for lock in lapsed], lock=new)

    def renew(
        self, lock_id: str, by: Author, *, now: int, secret: bytes, ttl: float | None = None
    ) -> LockStep | Refusal:
        """A later end and a new secret; the old secret stays valid, as this ack may be lost."""
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
        """The holder releases the lock, or the claimant withdraws."""
        lock = self.find(lock_id)
        if lock is None:
            return events.missing_refusal()
        if lock.claimed_by is not None and same_client(lock.claimed_by, by):
            return self._unclaim(lock)
        if not same_client(lock.holder, by):
            return locked_refusal(lock)
        return self._pass_on(lock, "released", now)

    def release_by_secret(self, lock_id: str, secret: bytes, *, now: int) -> LockStep | Refusal:
        """Release by the lock's secret, without a token: for a page that is being left."""
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
        """Ask for another client's lock: it passes when the holder releases it or is silent.

        `secret` is for a lock that changes hands at once.
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
        """The holder declines; the claimant may ask again."""
        lock = self.find(lock_id)
        if lock is None:
            return events.missing_refusal()
        if not same_client(lock.holder, by):
            return locked_refusal(lock)
        return self._step(lock=lock) if lock.claimed_by is None else self._unclaim(lock)

    # --- what happens by itself -----------------------------------------------------------

    def expire(self, now: int) -> LockStep | None:
        """End what has expired, and pass on at most one claimed lock; None when nothing is due."""
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
        """When `expire` has something to do; sooner than now where several locks yield at once."""
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
        """The locks of a document that is opened at `version`, the last one of `history`.

        A row's scope is of the version that it was written at; later changes relocate it.
        """
        held = tuple(sorted(rows, key=lambda lock: lock.fence))
        return Locks(revision, held, version, terms).relocate(*history)

    # --- what is held ----------------------------------------------------------------------

    def find(self, lock_id: str) -> StoredLock | None:
        return next((lock for lock in self.held if lock.id == lock_id), None)

    def at(self, scope: str) -> StoredLock | None:
        """The lock on exactly this scope, or else the one that covers it."""
        over = [lock for lock in self.held if f"{scope}/".startswith(f"{lock.scope}/")]
        return over[0] if over else None

    def states(self, now: int = 0) -> list[LockState]:
        """The locks for a client that opens the document, without those that have expired."""
        return [events.state_of(lock) for lock in self.held if lock.expires_at > now]

    # --- making a step --------------------------------------------------------------------

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
        """The lock ends, and its claimant gets a new one."""
        end = [*over, (lock, reason)]
        if lock.claimed_by is None:
            return self._step(end=end)
        # A holder that did not ask just now has no secret yet: its first renewal's ack has one.
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
