"""Rules L2, L7 to L10 over random sequences of requests, changes and time."""

from __future__ import annotations

import random
from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Refusal, Rejected
from collab.locks.enforcement import check_locks
from collab.locks.scopes import overlap
from collab.locks.state import Locks, LockStep
from collab.messages import LockChange
from collab.patch.apply import apply
from collab.patch.pointer import lookup, parse
from collab.patch.relocate import AppliedChange
from collab.ports.locks import StoredLock

pytestmark = pytest.mark.thorough

AUTHORS = [Author(user, "", tab) for user in ("ada", "bo", "cy") for tab in ("1", "2")]
PAGE: dict[str, Any] = {
    "sections": [{"id": f"s{n}", "t": f"text {n}", "cards": [{"id": f"c{n}"}]} for n in range(4)],
    "title": "Home",
}


class Run:
    """A document, its locks, the rows that a database would store, and the broadcast events."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.value: Any = PAGE
        self.version = 1
        self.now = 0
        self.locks = Locks(version=1)
        self.rows: dict[str, StoredLock] = {}
        self.alive: dict[str, LockChange] = {}
        self.ended: list[str] = []
        self.fences: list[int] = []

    def take(self, step: LockStep | Refusal | None) -> None:
        if not isinstance(step, LockStep):
            return
        assert step.revision == self.locks.revision
        assert (step.locks.revision > step.revision) is bool(step.put or step.drop)
        self.locks = step.locks
        for lock_id in step.drop:
            del self.rows[lock_id]
        self.rows |= {lock.id: lock for lock in step.put}
        for event in step.events:
            if event.holder is None:
                del self.alive[event.id]
                self.ended.append(event.id)
            else:
                if event.id not in self.alive:
                    self.fences.append(event.fence)
                self.alive[event.id] = event

    def pointer(self) -> str:
        pool = ["", "/title", "/sections"]
        for n in range(len(self.value.get("sections", ()))):
            pool += [f"/sections/{n}{end}" for end in ("", "/t", "/cards", "/cards/0")]
        return self.choose.choice(pool)

    def edit(self) -> None:
        ops = [self.op() for _ in range(self.choose.choice([1, 1, 2, 3]))]
        author = self.choose.choice(AUTHORS)
        try:
            applied = apply(self.value, ops)
        except Rejected:
            return
        others = [
            (lock, lookup(self.value, parse(lock.scope)))
            for lock in self.locks.held
            if lock.expires_at > self.now and (lock.holder.user, lock.holder.client) != who(author)
        ]
        if check_locks(self.locks, ops, self.value, by=author, now=self.now) is not None:
            return
        self.version += 1
        change = AppliedChange(self.version, author, applied.ops, self.value)
        self.value = applied.value
        self.take(self.locks.relocate(change))
        for lock, before in others:
            after = self.locks.find(lock.id)
            assert after is not None, "another client's change ended a lock"
            assert lookup(self.value, parse(after.scope)) == before, "a locked element changed"

    def op(self) -> Op:
        path, kind = self.pointer(), self.choose.choice(["add", "remove", "replace", "move"])
        fresh = {"id": f"n{self.choose.randrange(10**6)}", "t": "new", "cards": []}
        match kind:
            case "add":
                return {
                    "op": "add",
                    "path": self.choose.choice([path, "/sections/0"]),
                    "value": fresh,
                }
            case "remove" if path.count("/") > 1:
                return {"op": "remove", "path": path}
            case "move" if path.count("/") == 2:
                return {"op": "move", "from": path, "path": f"/sections/{self.choose.randrange(3)}"}
            case _:
                end = path if path.endswith("/t") or path == "/title" else "/title"
                return {"op": "replace", "path": end, "value": str(self.choose.random())}

    def ask(self) -> None:
        by, choose, now = self.choose.choice(AUTHORS), self.choose, self.now
        lock_id = choose.choice([*self.rows, *self.ended[-2:], "l-0"])
        match choose.choice(["acquire", "acquire", "renew", "release", "take", "keep", "secret"]):
            case "acquire":
                ttl = choose.choice([5, 60, None])
                scope = self.pointer()
                step = self.locks.acquire(by, scope, self.value, now=now, secret=b"s", ttl=ttl)
                self.take(step)
            case "renew":
                self.take(self.locks.renew(lock_id, by, now=now, secret=b"s"))
            case "release":
                self.take(self.locks.release(lock_id, by, now=now))
            case "take":
                admin = choose.random() < 0.2
                self.take(self.locks.take_over(lock_id, by, now=now, admin=admin))
            case "keep":
                self.take(self.locks.keep(lock_id, by))
            case "secret":
                secret = choose.choice([b"s", b"x"])
                self.take(self.locks.release_by_secret(lock_id, secret, now=now))


def who(author: Author) -> tuple[str, str]:
    return author.user, author.client


@pytest.mark.parametrize("seed", range(40))
def test_locks_never_overlap_and_each_ends_by_one_event(seed: int) -> None:
    run = Run(seed)
    for _ in range(200):
        run.now += run.choose.choice([0, 100, 3000, 15_000])
        if run.choose.random() < 0.5:
            run.edit()
        else:
            run.ask()
        while run.choose.random() < 0.7 and (step := run.locks.expire(run.now)) is not None:
            run.take(step)
        held = run.locks.held
        assert not any(overlap(a.scope, b.scope) for a in held for b in held if a is not b)
        assert sorted(run.alive) == sorted(lock.id for lock in held)
        assert {lock.id: lock.scope for lock in held} == {i: e.scope for i, e in run.alive.items()}
        assert run.fences == sorted(set(run.fences))
        restored = Locks.load(run.locks.revision, run.rows.values(), run.locks.version)
        assert restored.locks == run.locks
        assert restored.events == ()
    assert len(run.ended) == len(set(run.ended))
    assert run.ended
