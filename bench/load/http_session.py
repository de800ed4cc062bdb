"""Clients over HTTP: one edits, as a script or an agent does; the other reads."""

from __future__ import annotations

import json
import random
import time
from typing import Any

from bench.load.figures import Figures
from bench.load.http_calls import Answer, Calls
from bench.load.marks import mark, numbers_in
from bench.load.plan import Part, now_ms, sleep_until

# After a 412, in seconds.
FIRST_PAUSE = 0.005
MOST_PAUSE = 0.5
TEMPORARY = frozenset({0, 412, 429, 503})
SHARES = {429: "rate_limited", 412: "stale", 409: "conflict"}


class HttpSession:
    """What both have: one connection, and the bytes of the run."""

    def __init__(self, part: Part, figures: Figures, role: str) -> None:
        self.part = part
        self.figures = figures
        self.calls = Calls(part.settings.url, part.token(role))

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        answer = self.calls.send(method, path, body, headers)
        self.figures.count("closed", int(answer.status == 0))
        return answer

    def wait_for(self, due: float) -> None:
        """Wait until a time. The tool is late only when the client was not busy."""
        if due > now_ms():
            sleep_until(due)
            self.figures.time("lag", max(0.0, now_ms() - due))

    def end(self) -> None:
        seconds = self.part.settings.seconds
        self.figures.bytes_per_second("up", self.calls.sent / seconds)
        self.figures.bytes_per_second("down", self.calls.received / seconds)
        self.calls.close()


class HttpEditor(HttpSession):
    """Edits at the rate of the settings. `is_strict`: with `If-Match`."""

    def __init__(self, part: Part, figures: Figures, *, is_strict: bool) -> None:
        super().__init__(part, figures, "editor")
        self._is_strict = is_strict
        self._exists = False
        self._stored = list[int]()

    def run(self) -> None:
        number = 0
        while (due := self.part.due(number)) is not None:
            self.wait_for(due)
            if now_ms() > self.part.plan.last or not self._edit(number, due):
                self.figures.count("unanswered")
            number += 1
        self._check()
        self.end()

    def _edit(self, number: int, due: float) -> bool:
        """Read, then edit; again under the same key. Return whether there was an answer."""
        body = json.dumps([self._op(mark(self.part.name, number, now_ms()))]).encode()
        tries = 0
        while now_ms() < self.part.plan.last:
            answer = self._try(number, body)
            if answer.status == 200:
                self._accept(number, due)
                return True
            if answer.status:
                self.figures.answered(SHARES.get(answer.status, "refused"))
            if answer.status not in TEMPORARY:
                print(f"{self.part.name}: {answer.status} {answer.text}", flush=True)
                return True
            tries += 1
            self._wait(answer, tries)
        return False

    def _try(self, number: int, body: bytes) -> Answer:
        """Send the edit once; before it, when it is strict, a read for the tag of the document."""
        headers = {
            "Content-Type": "application/json-patch+json",
            "Idempotency-Key": f"{self.part.name}.{number}",
            "Weft-Client": self.part.name,
        }
        if self._is_strict:
            answer = self.send("GET", f"{self.part.path}?pointer=/title")
            self.figures.count("reads")
            if answer.status != 200:
                return answer
            self.figures.time("read", answer.took_ms)
            headers["If-Match"] = answer.headers["etag"]
        return self.send("PATCH", self.part.path, body, headers)

    def _wait(self, answer: Answer, tries: int = 1) -> None:
        """Wait as long as the server says; after a 412, for a random time that grows."""
        if answer.status == 412:
            time.sleep(random.uniform(0, min(MOST_PAUSE, FIRST_PAUSE * 2 ** min(tries, 10))))
        else:
            time.sleep(float(answer.headers.get("retry-after", 1)))

    def _op(self, text: str) -> dict[str, Any]:
        path = f"/{self.part.key}"
        if self._exists:
            return {"op": "add", "path": f"{path}/-", "value": text}
        return {"op": "add", "path": path, "value": [text]}

    def _accept(self, number: int, due: float) -> None:
        self._exists = True
        self._stored.append(number)
        self.figures.time("ack", now_ms() - due)
        self.figures.answered("edits")

    def _check(self) -> None:
        """Read the document, and count accepted edits that are not in it."""
        while True:
            answer = self.send("GET", self.part.path)
            if answer.status == 200 or now_ms() > self.part.plan.last:
                break
            self._wait(answer)
        if answer.status != 200:  # a client that cannot read the document has seen nothing
            self.figures.count("unseen")
            return
        found = numbers_in(answer.text, self.part.name)
        self.figures.count("lost", len(set(self._stored) - set(found)))
        self.figures.count("twice", len(found) - len(set(found)))


class HttpReader(HttpSession):
    """Reads one address at the rate of the settings, with `If-None-Match`."""

    def __init__(self, part: Part, figures: Figures, path: str) -> None:
        super().__init__(part, figures, "viewer")
        self._path = path

    def run(self) -> None:
        headers = {"Accept-Encoding": "br, gzip"}
        number = 0
        while (due := self.part.due(number)) is not None and now_ms() < self.part.plan.last:
            self.wait_for(due)
            answer = self.send("GET", self._path, headers=headers)
            if "etag" in answer.headers:
                headers["If-None-Match"] = answer.headers["etag"]
            self.figures.count("reads")
            if answer.status in {200, 304}:
                self.figures.time("read", answer.took_ms)
            elif answer.status:
                self.figures.answered(SHARES.get(answer.status, "refused"))
            number += 1
        self.end()
