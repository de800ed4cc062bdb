"""The cost of a room's rules: charge a frame, a tick of presence, check and relocate locks."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from collab import wire
from collab.entry import Author, Op
from collab.flow.budget import Allowance, ByteAndMessageBudget
from collab.flow.outbound import OutboundFlow
from collab.locks.enforcement import check_locks
from collab.locks.state import Locks, LockStep
from collab.messages import LockChange
from collab.patch.relocate import AppliedChange
from collab.presence.book import PresenceBook
from collab.presence.presence_entry import ClientIdentity
from collab.yjs import awareness

CLIENTS = 500
PAGE: dict[str, Any] = {
    "sections": [
        {"id": f"s{n}", "content": {f"f{field}": "some words " * 8 for field in range(12)}}
        for n in range(40)
    ]
}
WRITER, READER = Author("ada", "Ada", "tab-1"), Author("bo", "Bo", "tab-1")


def measured(call: Callable[[], object], *, times: int, rounds: int = 7) -> float:
    """Return the microseconds of a call: the median of several rounds."""
    figures = []
    for _ in range(rounds):
        start = perf_counter()
        for _ in range(times):
            call()
        figures.append((perf_counter() - start) / times * 1e6)
    return median(figures)


def row(name: str, value: float, unit: str = "µs") -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": unit}


def rows() -> list[dict[str, Any]]:
    return [*_budget_rows(), *_presence_rows(), *_lock_rows()]


def _budget_rows() -> list[dict[str, Any]]:
    allowance = Allowance(10**9, 10**9, 0, 0)
    budget = ByteAndMessageBudget(allowance, 0.0)
    flow = OutboundFlow(budget, patience=30.0)
    clock = iter(range(10**9))
    return [
        row("spend", measured(lambda: budget.spend(100, next(clock) / 1e6), times=20_000)),
        row(
            "charge a frame to its reader's budget",
            measured(lambda: flow.try_send(100, next(clock) / 1e6, full=False), times=20_000),
        ),
    ]


def _presence_rows() -> list[dict[str, Any]]:
    book = PresenceBook()
    for number in range(CLIENTS):
        session = f"s-{number}"
        book.join(
            ClientIdentity(session, session, session, "tab", "editor", "patch", number + 1), 0.0
        )
    book.flush(0.0)
    tick = iter(range(1, 10**9))

    def move() -> None:
        now = float(next(tick))
        for number in range(CLIENTS):
            path = f"/sections/{number % 40}/content/f{number % 12}"
            book.set_state(f"s-{number}", {"cursor": {"path": path, "offset": 3}}, now)
        difference = book.flush(now)
        assert difference is not None
        assert difference.change is not None
        wire.encode(difference.change)
        awareness.encode(difference.awareness)

    ops: list[Op] = [{"op": "replace", "path": "/sections/7/content/f7", "value": "x"}]
    typed = AppliedChange(2, WRITER, ops, PAGE)
    moved = AppliedChange(
        2, WRITER, [{"op": "move", "from": "/sections/30", "path": "/sections/0"}], PAGE
    )
    cost = measured(move, times=2)
    return [
        row(f"tick: {CLIENTS} cursors moved, sent on both lanes", cost),
        row("the same, per cursor", cost / CLIENTS),
        row(
            f"relocate {CLIENTS} cursors: a field",
            measured(lambda: book.relocate_cursors(typed), times=20),
        ),
        row(
            f"relocate {CLIENTS} cursors: a section",
            measured(lambda: book.relocate_cursors(moved), times=1),
        ),
        row(f"renewal and expiry of {CLIENTS}", measured(lambda: _idle(book), times=20)),
    ]


def _idle(book: PresenceBook) -> None:
    book.expire(1.0)
    book.renew(1.0)


def _locks(count: int) -> Locks:
    locks = Locks()
    for number in range(count):
        scope = f"/sections/{number % 40}/content/f{number // 40}"
        step = locks.acquire(WRITER, scope, PAGE, now=0, secret=b"s")
        assert isinstance(step, LockStep)
        assert isinstance(step.events[0], LockChange)
        locks = step.locks
    return locks


def _lock_rows() -> list[dict[str, Any]]:
    typed: list[Op] = [{"op": "replace", "path": "/sections/5/content/f11", "value": "x"}]
    insert: list[Op] = [{"op": "add", "path": "/sections/0", "value": {"id": "new"}}]
    few, many = _locks(5), _locks(100)

    def check(locks: Locks, ops: list[Op]) -> Callable[[], object]:
        return lambda: check_locks(locks, ops, PAGE, by=READER, now=1)

    step = AppliedChange(2, READER, insert, PAGE)
    return [
        row("lock check: no locks", measured(check(Locks(), typed), times=5000)),
        row("lock check: a field, 5 locks", measured(check(few, typed), times=2000)),
        row("lock check: a field, 100 locks", measured(check(many, typed), times=500)),
        row("lock check: a section inserted, 5 locks", measured(check(few, insert), times=500)),
        row("lock check: a section inserted, 100 locks", measured(check(many, insert), times=100)),
        row(
            "relocate 100 locks: a section inserted",
            measured(lambda: many.relocate(step), times=20),
        ),
    ]
