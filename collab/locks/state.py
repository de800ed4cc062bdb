"""Edit locks: who holds which part of a document, until when, and how it changes hands.

Rules L1-L12 of SPEC.md. One scope, as its locks come and go:

| state   | event                                  | next    | broadcast                          |
|---------|----------------------------------------|---------|------------------------------------|
| free    | `acquire`                              | held    | the lock                           |
| held    | `acquire` or `renew` by its holder     | held    | the lock, with a later end         |
| held    | `release` by its holder, or by secret  | free    | ended: released                    |
| held    | its time is over                       | free    | ended: expired                     |
| held    | `take_over` by somebody else           | claimed | `claimed_by`, `yields_at`          |
| held    | `take_over` by an admin, or no grace   | held    | ended: taken_over; the new lock    |
| claimed | `keep` by its holder                   | held    | the lock, no longer claimed        |
| claimed | `release` by the claimant              | held    | the lock, no longer claimed        |
| claimed | `release` by its holder, or by secret  | held    | ended: released; the new lock      |
| claimed | `yields_at`, or its own time is over   | held    | ended: taken_over; the new lock    |
| claimed | `take_over` by a third                 | claimed | refused: `locked`                  |
| any     | its element moved                      | same    | the lock under its new scope       |
| any     | its element is gone                    | free    | ended: deleted                     |

`acquire` by anybody else is refused as `locked`, `renew` of a lock that is gone as `stale_lock`.
Whoever comes to hold a scope holds a *new* lock with a new id and fence, so what the one before
still sends under the old fence is known to be late.

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
from collab.locks.events import Reason, ended, locked, shown, stale, stands
from collab.locks.scopes import carried, collide, covered, not_an_element, reached, same
from collab.locks.terms import DEFAULT_TERMS, MAX_LOCKS, LockTerms
from collab.messages import LockChange, LockState
from collab.patch.relocate import AppliedChange
from collab.ports.locks import StoredLock


@dataclass(frozen=True, slots=True)
class LockStep:
    """A transition: the state after it, what to broadcast, and the rows to write at `revision`.

    When the rows cannot be written because the revision has moved, the step is void.
    """

    locks: Locks
    revision: int
    events: tuple[LockChange, ...] = ()
    put: tuple[StoredLock, ...] = ()
    drop: tuple[str, ...] = ()
    lock: StoredLock | None = None  # the one that was asked for, as it stands now

    @property
    def is_written(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.put or self.drop)


@dataclass(frozen=True, slots=True)
class Locks:
    """A document's locks at a control revision; `version` is what their scopes stand on.

    Invariants: no two locks collide (one scope within another); each has its own fence, all of
    them at most `revision`; a lock is there until one event has said that it ended.
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
        missing = not_an_element(scope, value)
        if missing is not None:
            return missing
        lapsed: list[StoredLock] = []
        for lock in self.held:
            if not collide(lock.scope, scope):
                continue
            if lock.scope == scope and same(lock.holder, by) and lock.expires_at > now:
                return self.renew(lock.id, by, now=now, secret=secret, ttl=ttl)
            if lock.expires_at > now or not same(lock.claimed_by or by, by):
                return locked(lock)
            lapsed.append(lock)
        if len(self.held) - len(lapsed) >= MAX_LOCKS:
            return Refusal(Code.QUOTA_EXCEEDED, f"A document has at most {MAX_LOCKS} locks.", {})
        new = self._grant(by, scope, now, ttl, secret)
        return self._step(put=[new], end=[(lock, "expired") for lock in lapsed], lock=new)

    def renew(
        self, lock_id: str, by: Author, *, now: int, secret: bytes, ttl: float | None = None
    ) -> LockStep | Refusal:
        """A later end and a fresh secret; the secret before stays good too, its ack may be lost."""
        lock = self.find(lock_id)
        if lock is None or lock.expires_at <= now:
            return stale(None)
        if not same(lock.holder, by):
            return locked(lock)
        renewed = changed(
            lock,
            expires_at=now + self.terms.lasting(ttl),
            secret_hash=_digest(secret) + lock.secret_hash[:32],
            version=self.version,
        )
        return self._step(put=[renewed], lock=renewed)

    def release(self, lock_id: str, by: Author, *, now: int) -> LockStep | Refusal:
        """The holder lets go, or the claimant no longer asks."""
        lock = self.find(lock_id)
        if lock is None:
            return _no_such_lock()
        if lock.claimed_by is not None and same(lock.claimed_by, by):
            return self._unclaim(lock)
        if not same(lock.holder, by):
            return locked(lock)
        return self._pass_on(lock, "released", now)

    def release_by_secret(self, lock_id: str, secret: bytes, *, now: int) -> LockStep | Refusal:
        """As the holder, who has no more than the lock's secret: a page that is being left."""
        lock, digest = self.find(lock_id), _digest(secret)
        known = lock.secret_hash if lock is not None else b""
        if lock is None or not any(
            hmac.compare_digest(digest, known[at : at + 32]) for at in (0, 32)
        ):
            return _no_such_lock()
        return self._pass_on(lock, "released", now)

    def take_over(
        self, lock_id: str, by: Author, *, now: int, secret: bytes = b"", admin: bool = False
    ) -> LockStep | Refusal:
        """Ask for somebody else's lock: it passes when they let go of it, or say nothing.

        With the secret a lock is granted that passes at once.
        """
        lock = self.find(lock_id)
        if lock is None:
            return _no_such_lock()
        if same(lock.holder, by):
            return self._step(lock=lock)
        grace = self.terms.grace_ms
        is_over = lock.expires_at <= now and lock.claimed_by is None
        if admin or grace <= 0 or is_over:
            claimed = changed(lock, claimed_by=by)
            return self._pass_on(claimed, "taken_over", now, secret=secret)
        if lock.claimed_by is not None:
            return self._step(lock=lock) if same(lock.claimed_by, by) else locked(lock)
        claimed = changed(lock, claimed_by=by, yields_at=now + grace, version=self.version)
        return self._step(put=[claimed], lock=claimed)

    def keep(self, lock_id: str, by: Author) -> LockStep | Refusal:
        """The holder declines; the claimant may ask again."""
        lock = self.find(lock_id)
        if lock is None:
            return _no_such_lock()
        if not same(lock.holder, by):
            return locked(lock)
        return self._step(lock=lock) if lock.claimed_by is None else self._unclaim(lock)

    # --- what happens by itself -----------------------------------------------------------

    def expire(self, now: int) -> LockStep | None:
        """What time has ended, with at most one lock that yields; None when nothing is due."""
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

    def carry(self, *history: AppliedChange) -> LockStep:
        """Scopes follow their elements through committed changes, in order."""
        if not history:
            return self._step()
        end: list[tuple[StoredLock, Reason]] = []
        moved: dict[str, StoredLock] = {}
        followers = reached(self.held, history)
        scopes = carried(followers, history)
        for lock in followers:
            scope = scopes.get(lock.id)
            if scope is None:
                end.append((lock, "deleted"))
            elif scope != lock.scope:
                moved[lock.id] = changed(lock, scope=scope, version=history[-1].version)
        gone = {lock.id for lock, _ in end}
        stay = [moved.get(lock.id, lock) for lock in self.held if lock.id not in gone]
        for lock in covered(stay) if moved else ():
            moved.pop(lock.id, None)
            end.append((lock, "released"))
        at = replace(self, version=history[-1].version)
        return at._step(put=list(moved.values()), end=end)

    @staticmethod
    def restore(
        revision: int,
        rows: Iterable[StoredLock],
        version: int,
        history: Sequence[AppliedChange] = (),
        terms: LockTerms = DEFAULT_TERMS,
    ) -> LockStep:
        """The locks of a document that is opened at `version`, the last one of `history`.

        A row stands on the version that it was written at; what came after is caught up on.
        """
        held = tuple(sorted(rows, key=lambda lock: lock.fence))
        return Locks(revision, held, version, terms).carry(*history)

    # --- what stands ----------------------------------------------------------------------

    def find(self, lock_id: str) -> StoredLock | None:
        return next((lock for lock in self.held if lock.id == lock_id), None)

    def at(self, scope: str) -> StoredLock | None:
        """The lock on exactly this scope, or else the one that covers it."""
        over = [lock for lock in self.held if f"{scope}/".startswith(f"{lock.scope}/")]
        return over[0] if over else None

    def states(self, now: int = 0) -> list[LockState]:
        """What is told to whoever comes: not what time has ended and nobody has swept yet."""
        return [shown(lock) for lock in self.held if lock.expires_at > now]

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
            expires_at=now + self.terms.lasting(ttl),
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
        """The lock ends, and a new one begins for whoever has claimed it."""
        end = [*over, (lock, reason)]
        if lock.claimed_by is None:
            return self._step(end=end)
        # A holder who did not ask just now has no secret yet: the first renewal's ack carries one.
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
            tuple([ended(one, reason) for one, reason in end] + [stands(one) for one in put]),
            tuple(put),
            tuple([one.id for one, _ in end]),
            lock,
        )


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _no_such_lock() -> Refusal:
    return Refusal(Code.NOT_FOUND, "There is no such lock; it has ended.")
