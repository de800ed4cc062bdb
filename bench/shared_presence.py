"""What it costs to share presence and budgets between two instances, in a thousandth of a core."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import Any

from collab.flow.budget import Allowance, BudgetPool
from collab.flow.sharing import BudgetMessage, BudgetSharing
from collab.presence.book import PresenceBook
from collab.presence.presence_entry import ClientIdentity
from collab.presence.sharing import Head, PresenceMessage, PresenceSharing
from server.instances.messages import Body, decode, encode

CLIENTS = 500
SECONDS = 10
TICKS = 50  # in a second
CURSOR = {"path": "/pages/home/sections/0/content/headline", "offset": 7}
HEAD = Head(1, 1, lambda version: [])
USERS = 1_000


def rows() -> list[dict[str, Any]]:
    rounds = [_presence() for _ in range(5)]
    budgets = [_budgets() for _ in range(3)]
    names = ("send presence", "receive presence", "bytes of presence a second")
    more = ("send budgets", "receive budgets", "bytes of budgets a second")
    return [
        *(_row(name, [one[at] for one in rounds]) for at, name in enumerate(names)),
        *(_row(name, [one[at] for one in budgets]) for at, name in enumerate(more)),
    ]


def _row(name: str, figures: list[float]) -> dict[str, Any]:
    unit = "bytes" if name.startswith("bytes") else "ms of a second"
    return {"name": name, "value": round(median(figures), 2), "unit": unit}


def _presence() -> tuple[float, float, float]:
    """Let 500 clients of one instance move a cursor once a second; another instance shows them."""
    here, there = PresenceBook(), PresenceBook()
    sending, receiving = PresenceSharing(here, "a", 1, 0.0), PresenceSharing(there, "b", 1, 0.0)
    for number in range(CLIENTS):
        session = f"s-{number:012d}"
        who = ClientIdentity(session, session, "A Name", "tab", "editor", "patch", number + 1)
        here.join(who, 0.0)
    sent = received = size = 0.0
    for step in range(SECONDS * TICKS):
        now, begin = (step + 1) / TICKS, step % TICKS * CLIENTS // TICKS
        for number in range(begin, begin + CLIENTS // TICKS):
            here.set_state(f"s-{number:012d}", {"cursor": CURSOR, "n": step}, now)
        here.flush(now)
        start = perf_counter()
        messages = [encode("a", one) for one in sending.messages(HEAD, now)]
        sent += perf_counter() - start
        for message in messages:
            size += len(message)
            start = perf_counter()
            receiving.receive("a", _presence_of(message), HEAD, now)
            received += perf_counter() - start
        there.flush(now)
    assert len(there.present()) == CLIENTS
    return sent * 1000 / SECONDS, received * 1000 / SECONDS, size / SECONDS


def _budgets() -> tuple[float, float, float]:
    """Let 1,000 users of one instance type; every tenth of them pastes at half of the rate."""
    allowance, none = Allowance(128 * 1024, 1 << 20, 200, 400), Allowance(0, 0)
    here, there = BudgetPool(allowance, none), BudgetPool(allowance, none)
    sending, receiving = BudgetSharing({"": here}, "a"), BudgetSharing({"": there}, "b")
    users = [here.acquire(f"user-{number}", 0.0).inbound for number in range(USERS)]
    sent = received = size = 0.0
    for step in range(SECONDS * 10):
        now = (step + 1) / 10
        for number, budget in enumerate(users):
            budget.spend(200 if number % 10 else 6_500, now)
        start = perf_counter()
        messages = [encode("a", one) for one in sending.messages(now)]
        sent += perf_counter() - start
        for message in messages:
            size += len(message)
            start = perf_counter()
            receiving.receive("a", _budgets_of(message), now)
            received += perf_counter() - start
    return sent * 1000 / SECONDS, received * 1000 / SECONDS, size / SECONDS


def _body(message: bytes) -> Body:
    read = decode(message)
    assert read is not None
    return read.body


def _presence_of(message: bytes) -> PresenceMessage:
    body = _body(message)
    assert isinstance(body, PresenceMessage)
    return body


def _budgets_of(message: bytes) -> BudgetMessage:
    body = _body(message)
    assert isinstance(body, BudgetMessage)
    return body
