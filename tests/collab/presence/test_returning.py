"""Rule W13: a Yjs client that reconnects keeps its newest state, whatever is in flight."""

from __future__ import annotations

import random
from collections import deque

import pytest

from collab.presence.book import PresenceBook
from collab.yjs.awareness import State
from tests.collab.presence.test_yjs import YClient, identity


class Line:
    """A client's socket: messages in flight arrive in order, or are lost at a reconnect."""

    def __init__(self, client: YClient, user: str) -> None:
        self.client = client
        self.user = user
        self.session = ""
        self.newest = 0
        self._sockets = 0
        self._down: deque[list[State]] = deque()
        self._up: deque[list[State]] = deque()

    def open(self, book: PresenceBook, now: float) -> None:
        """Open a socket: the server sends all states.

        y-websocket sends its own state and forgets the states of other clients.
        """
        self._sockets += 1
        self.session = f"{self.client.id}-{self._sockets}"
        self._down.clear()
        self._up.clear()
        self.client.states = {
            id: state for id, state in self.client.states.items() if id == self.client.id
        }
        book.join(identity(self.session, self.user), now)
        self.tell(book, book.awareness(but=self.session))
        self._up.append(
            [
                State(
                    self.client.id,
                    self.client.clocks[self.client.id],
                    self.client.states[self.client.id],
                )
            ]
        )

    def set(self) -> None:
        self.newest += 1
        self._up.append(self.client.set({"n": self.newest}))

    def tell(self, book: PresenceBook, states: list[State]) -> None:
        perhaps = book.possibly_own(self.session, states)
        self._put([State(one.client, one.clock - 1, None) for one in perhaps])
        self._put(states)

    def take(self) -> bool:
        """Deliver the next message to the client; return whether there was one."""
        if not self._down:
            return False
        echo = self.client.apply(self._down.popleft())
        if echo:
            self._up.append(echo)
        return True

    def say(self, book: PresenceBook, now: float) -> bool:
        """Deliver the next message to the server; return whether there was one."""
        if not self._up:
            return False
        self._put(book.receive_awareness(self.session, self._up.popleft(), now))
        return True

    def _put(self, states: list[State]) -> None:
        if states:
            self._down.append(states)


def flush(book: PresenceBook, lines: list[Line], now: float) -> None:
    difference = book.flush(now)
    if difference is not None:
        for line in lines:
            line.tell(book, difference.awareness)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(200))
def test_w13_every_client_ends_with_every_newest_state(seed: int) -> None:
    rng = random.Random(seed)
    book = PresenceBook()
    # Two tabs of one user, and another user.
    lines = [Line(YClient(11), "ada"), Line(YClient(12), "ada"), Line(YClient(13), "bo")]
    now = 0.0
    left: list[str] = []  # lost sockets that the server still considers open
    for line in lines:
        line.client.set({"n": 0})
        line.open(book, now)
    for _ in range(120):
        now += rng.random() * rng.choice((0.02, 0.02, 0.1, 20.0))
        line = rng.choice(lines)
        match rng.choice(("set", "take", "take", "say", "say", "flush", "cut", "leave", "expire")):
            case "set":
                line.set()
            case "take":
                line.take()
            case "say":
                line.say(book, now)
            case "flush":
                flush(book, lines, now)
            case "cut":
                left.append(line.session)
                if rng.random() < 0.3:
                    line.client.set({"n": line.newest})  # a change while it is offline
                line.open(book, now)
            case "leave" if left:
                book.leave(left.pop(0))
            case "expire":
                book.expire(now)
    for session in left:
        book.leave(session)
    for _ in range(40):
        now += 0.1
        flush(book, lines, now)
        while any(line.say(book, now) or line.take() for line in lines):
            pass
    for line in lines:
        assert line.client.states[line.client.id]["n"] == line.newest
        for other in lines:
            assert other.client.states[line.client.id]["n"] == line.newest
    assert sorted(peer.state["n"] for peer in book.peers()) == sorted(one.newest for one in lines)
