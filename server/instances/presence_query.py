"""The presence query: who is in documents that are not open on this instance.

| event                               | what this instance does                         |
|-------------------------------------|-------------------------------------------------|
| every 5 s, and when it starts       | say that it is here                             |
| a client asks about other documents | ask the others, and wait for all their answers  |
| 200 ms after the question           | use the answers so far                          |
| another instance asks               | answer with the clients of this instance        |
| 12 s without a message from another | wait no longer for its answers                  |
| it stops                            | say that it is gone                             |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from collab.ids import DocKey
from collab.ports.gossip import LOST
from server.instances.messages import (
    InstanceGone,
    InstanceHere,
    Message,
    PresentAsked,
    PresentFound,
    decode,
    encode,
)

if TYPE_CHECKING:
    from collab.messages import Peer
    from collab.ports.gossip import Gossip
    from server.instances.messages import Body
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

CHANNEL: Final = "instances"
HERE_EVERY: Final = 5.0
GONE_AFTER: Final = 12.0
ANSWER_WITHIN: Final = 0.2
# The most clients of one document in an answer.
MOST_PEERS: Final = 100


@dataclass(slots=True)
class _Question:
    """A question, the instances that have not answered, and the answers so far."""

    keys: list[DocKey]
    missing: set[str]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    found: dict[DocKey, list[Peer]] = field(default_factory=dict)


class PresenceQuery:
    """Asks the other instances who is in some documents, and answers their questions.

    `own` returns the present clients whose connections this instance has. Without other instances,
    an answer is empty and takes no time.
    """

    def __init__(
        self, gossip: Gossip, clock: Clock, instance: str, own: Callable[[DocKey], list[Peer]]
    ) -> None:
        self._gossip = gossip
        self._clock = clock
        self._instance = instance
        self._own = own
        self._heard_at: dict[str, float] = {}
        self._questions: dict[int, _Question] = {}
        self._number = 0
        self._said_at = float("-inf")
        self._end: Callable[[], None] | None = None

    def start(self) -> None:
        self._end = self._gossip.subscribe(CHANNEL, self._receive)

    def tick(self) -> None:
        """Say that this instance is here, and forget silent instances. Call it every second."""
        now = self._clock.monotonic()
        for name, heard_at in list(self._heard_at.items()):
            if now - heard_at >= GONE_AFTER:
                self._forget(name)
        if now - self._said_at >= HERE_EVERY:
            self._say_here(now)

    def stop(self) -> None:
        if self._end is not None:
            self._publish(InstanceGone())
            self._end()
            self._end = None

    async def find(self, keys: Collection[DocKey]) -> dict[DocKey, list[Peer]]:
        """Return the clients that other instances have in these documents."""
        if not keys or not self._heard_at or not self._gossip.is_connected:
            return {}
        self._number += 1
        number, question = self._number, _Question(list(keys), set(self._heard_at))
        self._questions[number] = question
        self._publish(PresentAsked(number, [(key.tenant, key.doc) for key in question.keys]))
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await question.done.wait()
        except TimeoutError:
            logger.info("an instance did not say who is present there")
        finally:
            del self._questions[number]
        return question.found

    # --- messages -------------------------------------------------------------------------

    def _receive(self, message: bytes) -> None:
        if message == LOST:
            self._say_here(self._clock.monotonic())
            return
        read = decode(message)
        if read is not None and read.sender != self._instance:
            self._handle(read)

    def _handle(self, read: Message) -> None:
        body, is_new = read.body, read.sender not in self._heard_at
        if isinstance(body, InstanceGone):
            self._forget(read.sender)
            return
        self._heard_at[read.sender] = self._clock.monotonic()
        match body:
            case InstanceHere() if is_new:
                self._say_here(self._clock.monotonic())
            case PresentAsked():
                self._answer(read.sender, body)
            case PresentFound() if body.to == self._instance:
                self._note_answer(read.sender, body)

    def _answer(self, asker: str, asked: PresentAsked) -> None:
        found = []
        for place, (tenant, doc) in enumerate(asked.docs):
            peers = self._own(DocKey(tenant, doc))
            if peers:
                found.append((place, peers[:MOST_PEERS]))
        self._publish(PresentFound(asker, asked.number, found))

    def _note_answer(self, sender: str, answer: PresentFound) -> None:
        question = self._questions.get(answer.number)
        if question is None:
            return
        for place, peers in answer.found:
            if place < len(question.keys):
                question.found.setdefault(question.keys[place], []).extend(peers)
        self._note_missing(question, sender)

    def _forget(self, name: str) -> None:
        self._heard_at.pop(name, None)
        for question in self._questions.values():
            self._note_missing(question, name)

    def _note_missing(self, question: _Question, name: str) -> None:
        """Note that no more answer comes from an instance."""
        question.missing.discard(name)
        if not question.missing:
            question.done.set()

    def _say_here(self, now: float) -> None:
        self._said_at = now
        self._publish(InstanceHere())

    def _publish(self, body: Body) -> None:
        self._gossip.publish(CHANNEL, encode(self._instance, body))
