"""When each client connects, edits and ends, and which document it edits."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from bench.load.http_calls import Calls
from bench.load.marks import base36
from bench.load.tokens import token_of

# Time after the last edit, in which the peers receive it.
GRACE_MS = 1000
WORDS = "the page of a spring sale with a picture and a button that leads to the shop "


def now_ms() -> float:
    return time.time() * 1000


def sleep_until(time_ms: float) -> None:
    time.sleep(max(0.0, time_ms - now_ms()) / 1000)


def run_name() -> str:
    """Return a name for a run, in names of clients and documents."""
    return base36(int(now_ms()))[-6:]


@dataclass(frozen=True)
class Plan:
    """The documents of a run, and its times in milliseconds since 1970."""

    run: str
    docs: tuple[str, ...]
    connects: float
    begins: float
    ends: float
    last: float

    @classmethod
    def of(cls, settings: SimpleNamespace, run: str) -> Plan:
        connects = now_ms()
        begins = connects + 1000 * settings.ramp_seconds
        ends = begins + 1000 * settings.seconds
        last = ends + 1000 * settings.drain_seconds
        return cls(run, documents(settings, run), connects, begins, ends, last)


def documents(settings: SimpleNamespace, run: str) -> tuple[str, ...]:
    name = settings.doc or f"load-{run}"
    many = settings.docs > 1
    return tuple(f"{name}-{number}" if many else name for number in range(settings.docs))


class Part:
    """One client of a plan."""

    def __init__(
        self, settings: SimpleNamespace, plan: Plan, group: str, number: int, count: int
    ) -> None:
        self.settings = settings
        self.plan = plan
        self.number = number
        self.name = f"{plan.run}-{group}{base36(number)}"
        self.user = f"load-{self.name}"
        self.key = f"marks-{self.name}"
        self.doc = plan.docs[number % len(plan.docs)]
        self.connects = plan.connects + (plan.begins - plan.connects) * (number % count) / count
        # The clients do not edit all at the same moment.
        self.first = plan.begins + 1000 / settings.rate * (number * 0.618 % 1)

    def kind(self, kinds: int) -> int:
        """Return one of so many kinds, by turns; each document has clients of every kind."""
        return self.number // len(self.plan.docs) % kinds

    def due(self, number: int) -> float | None:
        """Return when an edit is due; None after the end."""
        at: float = self.first + 1000 * number / self.settings.rate
        return at if at < self.plan.ends else None

    @property
    def leaves(self) -> float:
        """When the client may leave, if it has every answer."""
        return min(self.plan.ends + GRACE_MS, self.plan.last)

    @property
    def path(self) -> str:
        return path_of(self.doc)

    def token(self, role: str) -> str:
        return token_of(self.settings, self.user, role)


def path_of(doc: str) -> str:
    return f"/v1/docs/{quote(doc)}"


def page(size: int) -> dict[str, Any]:
    """Return a page of sections with about so many bytes of JSON."""
    return {
        "title": "A load test",
        "sections": [
            {
                "id": f"s{number}",
                "type": "text",
                "content": {"headline": f"Section {number}", "text": (WORDS * 6)[:400]},
            }
            for number in range(-(-size // 500))
        ],
    }


def create(settings: SimpleNamespace, docs: tuple[str, ...], *, publish: bool) -> None:
    """Create the documents that do not exist; make them public when the readers need it."""
    body = json.dumps(page(settings.page_bytes)).encode()
    calls = Calls(settings.url, token_of(settings, "load-publisher", "publisher"))
    for doc in docs:
        made = calls.send("PUT", path_of(doc), body, {"Content-Type": "application/json"})
        if made.status not in {201, 409}:
            raise RuntimeError(f"{settings.url} did not create {doc}: {made.status} {made.text}")
        if publish:
            path = f"{path_of(doc)}/publish"
            done = calls.send("POST", path, b"{}", {"Content-Type": "application/json"})
            if done.status != 200:
                raise RuntimeError(f"{doc} cannot be published: {done.status} {done.text}")
    calls.close()


def delete(settings: SimpleNamespace, docs: tuple[str, ...]) -> None:
    """Delete documents that the run has made, when a token of an admin can be made."""
    if settings.doc or settings.token:
        return
    calls = Calls(settings.url, token_of(settings, "load-admin", "admin"))
    for doc in docs:
        calls.send("DELETE", path_of(doc))
    calls.close()
