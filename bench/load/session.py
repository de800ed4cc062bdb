"""One client on a WebSocket: it connects, comes back, edits when an edit is due, and ends.

At the end it checks the stored document. `PatchSession` and `YjsSession` add what differs.

Sessions wait with `time.sleep` and threads. locust replaces both by those of gevent.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bench.load.figures import Figures
from bench.load.http_calls import Calls
from bench.load.marks import Sight, mark, numbers_in
from bench.load.plan import Part, now_ms, sleep_until

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STEADY = 60.0
STEP = 0.25  # seconds between two looks at the end


@dataclass
class Edit:
    """An edit of the user. `sent` is whether it waits for an answer."""

    number: int
    text: str
    made_ms: float
    sent: bool = False
    tries: int = 0


@dataclass(frozen=True)
class Found:
    """What is wrong with the stored document, or not seen of it."""

    missing: int
    twice: int
    unseen: int


class LostError(Exception):
    """The connection has ended."""

    def __init__(self, code: int = 1006) -> None:
        super().__init__(f"the connection ended with {code}")
        self.code = code


class Connection(Protocol):
    """A WebSocket. Each call raises `LostError` when it has ended."""

    def send(self, data: str | bytes) -> None: ...

    def receive(self) -> str | bytes: ...

    def close(self) -> None: ...


# Connects to an address, with subprotocols and a token.
Connect = Callable[[str, tuple[str, ...], str], Connection]


class Session:
    def __init__(self, part: Part, figures: Figures, connect: Connect, *, edits: bool) -> None:
        self.part = part
        self.settings = part.settings
        self.figures = figures
        self.edits = edits
        self.token = part.token("editor" if edits else "viewer")
        self.sight = Sight(part.name)
        self.is_open = False
        self.ending = threading.Event()
        self.stored = list[int]()  # numbers of edits that must be in the document at the end
        self.wait = 0.0  # seconds until the next attempt, from `disconnect_notice`
        self._connect = connect
        self._socket: Connection | None = None
        self._opened_at = 0.0
        self._connected = 0.0
        self._up = 0
        self._down = 0
        self._calls = Calls(self.settings.url, self.token)
        self._text = ""  # the stored document, read at the end
        self._vanished = 0  # edits of others that reached this client, and are not in it

    def run(self) -> None:
        """Run until the end of the plan."""
        part = self.part
        sleep_until(part.connects)
        threads = [threading.Thread(target=self._stay_connected, daemon=True)]
        if self.edits and self.settings.presence:
            threads.append(threading.Thread(target=self._show, daemon=True))
        for thread in threads:
            thread.start()
        if self.edits:
            self._make_all()
        sleep_until(part.leaves)
        while not (self.waiting == 0 and self._is_complete()) and now_ms() < part.plan.last:
            if self.ending.wait(STEP):
                break
        self.ending.set()
        self._report()
        if self._socket is not None:
            self._socket.close()
        self._calls.close()

    # --- what a lane adds ----------------------------------------------------------------------

    @property
    def path(self) -> str:
        raise NotImplementedError

    protocols: tuple[str, ...] = ()
    has_acks = True  # the server says when an edit is stored

    @property
    def waiting(self) -> int:
        """How many edits have no answer."""
        return 0

    def greet(self) -> None:
        """Introduce the client on a new connection."""

    def receive(self, frame: str | bytes) -> None:
        """Handle a frame."""

    def make(self, edit: Edit) -> None:
        """Make an edit, and send it when the lane allows."""

    def show(self) -> None:
        """Show where the user is."""

    def lose(self) -> None:
        """The connection has ended."""

    # --- the connection ------------------------------------------------------------------------

    def _stay_connected(self) -> None:
        delay = FIRST_DELAY
        while not self.ending.is_set():
            self._connected = now_ms()
            code = self._use_connection()
            self.is_open = False
            self.lose()
            if self.ending.is_set():
                return
            self.figures.count("closed")
            if 4400 <= code < 4500 or code in {1008, 1009}:
                print(f"{self.part.name}: the server closed with {code}", flush=True)
                self.ending.set()
                return
            if now_ms() - self._connected > 1000 * STEADY:
                delay = FIRST_DELAY
            self.ending.wait(max(self.wait, delay * random.uniform(0.5, 1.5)))
            delay, self.wait = min(LONGEST_DELAY, 2 * delay), 0.0

    def _use_connection(self) -> int:
        """Connect, and read until the end. Return the close code; 1006 when there is none."""
        address = self.settings.url.replace("http", "ws", 1) + self.path
        try:
            self._socket = self._connect(address, self.protocols, self.token)
            self.greet()
            while not self.ending.is_set():
                frame = self._socket.receive()
                if self.is_open:
                    self._down += len(frame)
                self.receive(frame)
        except LostError as lost:
            return lost.code
        finally:
            self._socket = None
        return 1000

    def opened(self) -> None:
        """Note that the server has let the client in."""
        self.figures.time("open", now_ms() - self._connected)
        self._opened_at = self._opened_at or now_ms()
        self.is_open = True

    def send(self, data: str | bytes) -> bool:
        """Send a frame. Return whether there was a connection."""
        if self._socket is None:
            return False
        try:
            self._socket.send(data)
        except LostError:
            return False
        self._up += len(data)
        return True

    # --- edits ---------------------------------------------------------------------------------

    def _make_all(self) -> None:
        number = 0
        while (due := self.part.due(number)) is not None and not self.ending.is_set():
            sleep_until(due)
            now = now_ms()
            self.figures.time("lag", max(0.0, now - due))
            self.make(Edit(number, mark(self.part.name, number, now), now))
            number += 1

    def _show(self) -> None:
        while not self.ending.is_set() and now_ms() < self.part.plan.ends:
            if self.is_open:
                self.show()
            self.ending.wait(1 / self.settings.presence)

    def look(self, text: str) -> None:
        """Measure what other clients have written."""
        for took in self.sight.look(text, now_ms()):
            self.figures.time("peer", took)

    # --- the end -------------------------------------------------------------------------------

    def _is_complete(self) -> bool:
        """Read the stored document, and compare it with what this client has sent and seen."""
        if not self._text or self._count().missing:
            # What is accepted, or reached a peer, before this request must be in its answer.
            seen = self.sight.copy()
            answer = self._calls.send("GET", self.part.path)
            self._text = answer.text if answer.status == 200 else ""
            self._vanished = seen.vanished(self._text) if self._text else 0
        found = self._count()
        return bool(self._text) and not found.unseen and (not found.missing or self.has_acks)

    def _count(self) -> Found:
        """Return what the stored document has, at the newest read."""
        numbers = numbers_in(self._text, self.part.name)
        missing = len(set(self.stored) - set(numbers)) if self._text else 0
        # A client that cannot read the document has seen nothing.
        unseen = self.sight.unseen(self._text) if self._text else 1
        return Found(missing, len(numbers) - len(set(numbers)), unseen)

    def _report(self) -> None:
        found = self._count()
        self.figures.count("lost", self._vanished + found.missing * self.has_acks)
        self.figures.count("unanswered", self.waiting + found.missing * (not self.has_acks))
        self.figures.count("twice", found.twice)
        self.figures.count("unseen", found.unseen)
        self.figures.count("gaps", self.sight.missed)
        if self._opened_at:
            # A client that came late is not measured by the few seconds that were left.
            seconds = max(self.settings.seconds, (now_ms() - self._opened_at) / 1000)
            self.figures.bytes_per_second("up", self._up / seconds)
            self.figures.bytes_per_second("down", self._down / seconds)
