"""The audience of a document: it sends each commit to every subscriber."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collab.errors import Close
from server.broadcast.news import News
from server.broadcast.subscriber import Answered, AnswerObserver, Subscriber

if TYPE_CHECKING:
    from server.broadcast.close_reasons import CloseReason

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Audience:
    """The subscribers of one document.

    Invariant: a subscriber is active and gets all news, or paused. A paused one gets only the
    answers to its requests, and its lane adds up what it has `missed`: a hundred readers that had
    stopped once cost each edit more than the hundred that read. When the document has `ended`,
    it has no subscribers: one that joins late is closed for the same reason as the others.
    """

    subscribers: dict[Subscriber, None] = field(default_factory=dict)
    observer: AnswerObserver | None = None
    ended: CloseReason | None = None
    missed: Counter[str] = field(default_factory=Counter)  # bytes by lane
    _active: dict[Subscriber, None] = field(default_factory=dict)
    _paused: defaultdict[str, set[Subscriber]] = field(default_factory=lambda: defaultdict(set))

    def join(self, subscriber: Subscriber) -> None:
        if self.ended is not None:
            subscriber.dismiss(self.ended.code, self.ended.reason)
            return
        self.subscribers[subscriber] = self._active[subscriber] = None

    def end(self, close_reason: CloseReason) -> None:
        """Nothing more comes of this document's live room."""
        self.ended = close_reason
        for subscriber in list(self.subscribers):
            subscriber.dismiss(close_reason.code, close_reason.reason)

    def leave(self, subscriber: Subscriber) -> None:
        self.subscribers.pop(subscriber, None)
        self._active.pop(subscriber, None)
        for resting in self._paused.values():
            resting.discard(subscriber)

    def pause(self, subscriber: Subscriber, lane: str) -> bool:
        """Send it no news until `resume`, but add up their bytes for its lane.

        Whether it was active until now.
        """
        if subscriber not in self._active:
            return False
        del self._active[subscriber]
        self._paused[lane].add(subscriber)
        return True

    def resume(self, subscriber: Subscriber) -> None:
        """It is at the head: it gets the next news."""
        if subscriber in self.subscribers:
            self._active[subscriber] = None
            for resting in self._paused.values():
                resting.discard(subscriber)

    def __len__(self) -> int:
        return len(self.subscribers)

    def broadcast(self, news: News, answered: Sequence[Answered]) -> None:
        """Send what is durable to every active subscriber, and each answer to its author."""
        began_at = self.observer.now() if self.observer is not None else 0.0
        answers: dict[Subscriber, list[Answered]] = {}
        for item in answered:
            submission, answer = item
            if submission.subscriber is not None:
                answers.setdefault(submission.subscriber, []).append(item)
            elif submission.deliver is not None:
                submission.deliver(answer)
        for lane, resting in self._paused.items():
            if resting:
                self.missed[lane] += news.size(lane)
        # The authors first: an ack should not queue behind a hundred readers.
        for subscriber, own in answers.items():
            self._send(subscriber, news, own)
        if news.after != news.before:
            for subscriber in [one for one in self._active if one not in answers]:
                self._send(subscriber, news, ())
        if self.observer is not None and answered:
            self.observer.on_broadcast(answered, began_at)

    def _send(self, subscriber: Subscriber, news: News, answers: Sequence[Answered]) -> None:
        try:
            subscriber.on_commit(news, answers)
        except Exception:  # a connection's edge
            _drop(subscriber)

    def send_to_each(self, say: Callable[[Subscriber], None]) -> None:
        """Send to each subscriber what is no commit, even where another one fails."""
        for subscriber in list(self.subscribers):
            try:
                say(subscriber)
            except Exception:  # a connection's edge
                _drop(subscriber)

    def notice(self, payload: bytes) -> None:
        self.send_to_each(lambda subscriber: subscriber.notice(payload))

    def notice_to(self, sessions: set[str], payload: bytes) -> None:
        def say(subscriber: Subscriber) -> None:
            if subscriber.session in sessions:
                subscriber.notice(payload)

        self.send_to_each(say)

    def resynchronise(self) -> None:
        self.send_to_each(lambda subscriber: subscriber.resynchronise())


def _drop(subscriber: Subscriber) -> None:
    """Close the connection of a subscriber that failed; its client reconnects and reads again."""
    logger.exception("a connection could not be sent its news")
    subscriber.dismiss(Close.OUR_FAULT, "internal error")
