"""Instances that share the presence of one document over a network that loses messages."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from collab.entry import Author
from collab.ids import Json
from collab.messages import Peer, PresenceChange
from collab.patch.relocate import AppliedChange
from collab.presence.book import PresenceBook
from collab.presence.presence_entry import ClientIdentity
from collab.presence.sharing import Head, PresenceMessage, PresenceSharing
from collab.yjs.awareness import State
from tests.collab.presence.test_yjs import YClient

LIST = "/list"


class Log:
    """The document's changes: each inserts an element at the front of a list."""

    def __init__(self) -> None:
        self.value: list[Json] = ["text"]
        self.changes: list[AppliedChange] = []

    @property
    def version(self) -> int:
        return 1 + len(self.changes)

    def insert(self) -> None:
        before = {"list": list(self.value)}
        self.value.insert(0, "new")
        ops = [{"op": "add", "path": f"{LIST}/0", "value": "new"}]
        self.changes.append(AppliedChange(self.version + 1, Author("ed"), ops, before))

    def since(self, after: int, upto: int) -> list[AppliedChange]:
        return self.changes[after - 1 : upto - 1]


@dataclass
class Network:
    """Carries messages between instances: late, twice, in another order, or not at all."""

    choose: random.Random
    loss: float = 0.0
    instances: dict[str, Instance] = field(default_factory=dict)
    waiting: list[tuple[str, str, PresenceMessage]] = field(default_factory=list)
    sent: list[tuple[str, PresenceMessage]] = field(default_factory=list)

    def send(self, sender: str, message: PresenceMessage) -> None:
        self.sent.append((sender, message))
        for name in self.instances:
            copies = 1
            if self.loss:
                fate = self.choose.random()
                copies = 0 if fate < self.loss else 2 if fate > 0.9 else 1
            self.waiting += [(name, sender, message)] * copies

    def deliver_one(self, now: float) -> None:
        """Deliver one message; with losses, not always the oldest one."""
        if self.waiting:
            near = min(len(self.waiting), 4 if self.loss else 1)
            to, sender, message = self.waiting.pop(self.choose.randrange(near))
            if to in self.instances:
                self.instances[to].receive(sender, message, now)

    def deliver(self, now: float) -> None:
        while self.waiting:
            self.deliver_one(now)


class Instance:
    """One instance: its book, its clients' view of presence, and its version of the document."""

    def __init__(self, name: str, network: Network, log: Log, now: float, number: int = 1) -> None:
        self.name = name
        self.book = PresenceBook()
        self.sharing = PresenceSharing(self.book, name, number, now)
        self.version = log.version
        self.new: list[str] = []
        self.shown: dict[str, Peer] = {}
        self.clocks: dict[int, State] = {}
        self.watching: list[YClient] = []
        self._network = network
        self._log = log
        network.instances[name] = self
        self.sharing.ask(now)

    # --- clients ----------------------------------------------------------------------------

    def join(self, session: str, now: float, **facts: Any) -> None:
        fields: dict[str, Any] = {"user": session, "client": f"tab-{session}", "lane": "patch"}
        fields |= facts
        if fields["lane"] == "patch":
            free = (n for n in range(1000, 9999) if not self.book.is_taken(n))
            fields.setdefault("client_id", next(free))
        user = fields["user"]
        who = ClientIdentity(session=session, name=user.title(), role="editor", **fields)
        self.book.join(who, now, int(now * 1000))

    def awareness(
        self, session: str, client_id: int, clock: int, state: dict[str, Json] | None, now: float
    ) -> None:
        self.book.receive_awareness(session, [State(client_id, clock, state)], now)

    def watch(self, client: YClient) -> None:
        """Connect a Yjs client, which forgets the states of others, but not their clocks."""
        client.states.clear()
        client.apply(self.book.awareness())
        self.watching.append(client)

    # --- ticks and messages -----------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Send a difference to the clients, and messages to the other instances."""
        difference = self.book.flush(now)
        if difference is not None:
            change = difference.change or PresenceChange()
            for session in change.left or ():
                del self.shown[session]
            for peer in change.joined or ():
                assert peer.session not in self.shown
                self.shown[peer.session] = peer
            for peer in change.updated or ():
                assert peer.session in self.shown
                self.shown[peer.session] = peer
            for state in difference.awareness:
                known = self.clocks.get(state.client)
                assert known is None or state.clock > known.clock
                self.clocks[state.client] = state
            for client in self.watching:
                client.apply(difference.awareness)
        self.say(now)

    def say(self, now: float) -> None:
        for message in self.sharing.messages(self.head, now):
            self._network.send(self.name, message)

    def maintain(self, now: float) -> None:
        self.book.expire(now)
        self.book.renew(now)
        self.sharing.expire(now)
        self.tick(now)

    def receive(self, sender: str, message: PresenceMessage, now: float) -> None:
        self.new += self.sharing.receive(sender, message, self.head, now)
        ids = [entry.client_id for entry in self.book.present() if entry.client_id]
        assert len(ids) == len(set(ids))

    def follow(self, upto: int) -> None:
        """Apply the document's changes up to a version."""
        for change in self._log.since(self.version, upto):
            self.book.relocate_cursors(change)
        self.version = max(self.version, upto)

    @property
    def head(self) -> Head:
        version = self.version

        def since(after: int) -> Sequence[AppliedChange]:
            return self._log.since(after, version)

        return Head(1, version, since)

    # --- what clients see -------------------------------------------------------------------

    def own(self) -> Iterator[Peer]:
        """Yield the visible sessions of this instance, as it shows them itself."""
        names = {one.session for one in self.book.own_sessions()}
        yield from (peer for peer in self.book.present() if peer.session in names)

    def present(self) -> dict[str, Peer]:
        return {peer.session: peer for peer in self.book.present()}


def run(network: Network, now: float, seconds: float) -> float:
    """Let time pass without losses: a tick every tenth of a second, maintenance every second."""
    network.loss = 0.0
    for step in range(1, round(seconds * 10) + 1):
        at = now + step / 10
        for instance in network.instances.values():
            if step % 10 == 0:
                instance.maintain(at)
            else:
                instance.tick(at)
        network.deliver(at)
    return now + seconds


def union(network: Network) -> dict[str, Peer]:
    """Return what every instance should show."""
    return {peer.session: peer for one in network.instances.values() for peer in one.own()}
