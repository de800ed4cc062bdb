"""The audience of a document: who hears of its commits, each in the words of their lane."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collab.errors import Close
from server.broadcast.news import News
from server.broadcast.subscriber import Answered, Listener, Onlooker

if TYPE_CHECKING:
    from server.broadcast.farewells import Farewell

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Audience:
    """Everybody who listens to one document.

    Invariant: every listener either hears of all news, or rests: it hears only what answers it,
    and costs nothing but a share in what its lane has `missed`. A hundred readers that had
    stopped once cost each edit more than the hundred that read. When the document has `ended`,
    it has no listeners: one that joins late is sent away with the others' farewell.
    """

    listeners: dict[Listener, None] = field(default_factory=dict)
    onlooker: Onlooker | None = None
    ended: Farewell | None = None
    missed: Counter[str] = field(default_factory=Counter)  # bytes by lane
    _attentive: dict[Listener, None] = field(default_factory=dict)
    _resting: defaultdict[str, set[Listener]] = field(default_factory=lambda: defaultdict(set))

    def join(self, listener: Listener) -> None:
        if self.ended is not None:
            listener.dismiss(self.ended.code, self.ended.reason)
            return
        self.listeners[listener] = self._attentive[listener] = None

    def end(self, farewell: Farewell) -> None:
        """Nothing more comes of this document's live room."""
        self.ended = farewell
        for listener in list(self.listeners):
            listener.dismiss(farewell.code, farewell.reason)

    def leave(self, listener: Listener) -> None:
        self.listeners.pop(listener, None)
        self._attentive.pop(listener, None)
        for resting in self._resting.values():
            resting.discard(listener)

    def rest(self, listener: Listener, lane: str) -> bool:
        """Tell it of no news until `rouse`, but add up their bytes for its lane.

        Whether it was told of them until now.
        """
        if listener not in self._attentive:
            return False
        del self._attentive[listener]
        self._resting[lane].add(listener)
        return True

    def rouse(self, listener: Listener) -> None:
        """It stands at the head: it hears of what comes next."""
        if listener in self.listeners:
            self._attentive[listener] = None
            for resting in self._resting.values():
                resting.discard(listener)

    def __len__(self) -> int:
        return len(self.listeners)

    def publish(self, news: News, answered: Sequence[Answered]) -> None:
        """Tell everybody what has become durable, and everybody who asked what came of it."""
        began_at = self.onlooker.now() if self.onlooker is not None else 0.0
        answers: dict[Listener, list[Answered]] = {}
        for item in answered:
            submission, answer = item
            if submission.listener is not None:
                answers.setdefault(submission.listener, []).append(item)
            elif submission.deliver is not None:
                submission.deliver(answer)
        for lane, resting in self._resting.items():
            if resting:
                self.missed[lane] += news.size(lane)
        # Whoever waits for an answer first: an ack should not queue behind a hundred readers.
        for listener, own in answers.items():
            self._tell(listener, news, own)
        if news.after != news.before:
            for listener in [one for one in self._attentive if one not in answers]:
                self._tell(listener, news, ())
        if self.onlooker is not None and answered:
            self.onlooker.published(answered, began_at)

    def _tell(self, listener: Listener, news: News, answers: Sequence[Answered]) -> None:
        try:
            listener.hear(news, answers)
        except Exception:  # a connection's edge
            _part_from(listener)

    def tell(self, say: Callable[[Listener], None]) -> None:
        """Say to everybody what is no commit; it is no more to be lost for one that fails."""
        for listener in list(self.listeners):
            try:
                say(listener)
            except Exception:  # a connection's edge
                _part_from(listener)

    def notice(self, payload: bytes) -> None:
        self.tell(lambda listener: listener.notice(payload))

    def notice_to(self, sessions: set[str], payload: bytes) -> None:
        def say(listener: Listener) -> None:
            if listener.session in sessions:
                listener.notice(payload)

        self.tell(say)

    def resynchronise(self) -> None:
        self.tell(lambda listener: listener.resynchronise())


def _part_from(listener: Listener) -> None:
    """The others must hear all the same; this one comes back and reads it anew."""
    logger.exception("a connection could not be told")
    listener.dismiss(Close.OUR_FAULT, "internal error")
