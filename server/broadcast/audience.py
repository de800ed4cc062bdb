"""The audience of a document: sends each commit to every subscriber."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.broadcast.news import News
from server.broadcast.subscriber import Answered, AnswerObserver, FanOut, Subscriber, drop

if TYPE_CHECKING:
    from collab.ids import DocKey
    from server.broadcast.close_reasons import CloseReason
    from server.runtime.clock import Clock


@dataclass(slots=True)
class Audience:
    """Sends news, answers and notices to the subscribers of one document.

    Invariant: a subscriber is either active or paused. An active subscriber gets all news. A
    paused subscriber gets only the answers to its requests. The audience counts in `missed` the
    bytes of news that paused subscribers of each lane did not get. Without the pause, a hundred
    clients that did not read cost each edit more than a hundred clients that read (measured). When
    the document has `ended`, the audience closes each new subscriber for the same reason.

    A subscriber that has left still gets the answers to its requests.
    """

    key: DocKey
    clock: Clock
    subscribers: dict[Subscriber, None] = field(default_factory=dict)
    observer: AnswerObserver | None = None
    ended: CloseReason | None = None
    missed: Counter[str] = field(default_factory=Counter)  # bytes by lane
    _active: defaultdict[FanOut, dict[Subscriber, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _paused: defaultdict[str, set[Subscriber]] = field(default_factory=lambda: defaultdict(set))

    def join(self, subscriber: Subscriber) -> None:
        """Add a subscriber; close it when the document has ended."""
        if self.ended is not None:
            subscriber.dismiss(self.ended.code, self.ended.reason)
            return
        self.subscribers[subscriber] = self._active[subscriber.fan_out][subscriber] = None

    def end(self, close_reason: CloseReason) -> None:
        """Close all subscribers, for the reason for which the document's live room ended."""
        self.ended = close_reason
        for subscriber in list(self.subscribers):
            subscriber.dismiss(close_reason.code, close_reason.reason)

    def leave(self, subscriber: Subscriber) -> None:
        """Remove a subscriber."""
        self.subscribers.pop(subscriber, None)
        self._active[subscriber.fan_out].pop(subscriber, None)
        for resting in self._paused.values():
            resting.discard(subscriber)

    def pause(self, subscriber: Subscriber, lane: str) -> bool:
        """Send no news to the subscriber until `resume`, but count the missed bytes of its lane.

        Return whether the subscriber was active before.
        """
        active = self._active[subscriber.fan_out]
        if subscriber not in active:
            return False
        del active[subscriber]
        self._paused[lane].add(subscriber)
        return True

    def resume(self, subscriber: Subscriber) -> None:
        """Send news again to a subscriber that is at the head."""
        if subscriber in self.subscribers:
            self._active[subscriber.fan_out][subscriber] = None
            for resting in self._paused.values():
                resting.discard(subscriber)

    def __len__(self) -> int:
        return len(self.subscribers)

    def broadcast(self, news: News, answered: Sequence[Answered], now: float) -> None:
        """Send news that is durable `now` to each active subscriber, and answers to their authors.

        The answers come first: an ack should not wait until a hundred readers have their news.
        """
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
        for subscriber, own in answers.items():
            try:
                subscriber.on_commit(news, own, now)
            except Exception:  # an error of one connection must not stop the broadcast
                drop(subscriber)
        if news.after != news.before:
            # A client may join or leave meanwhile, also the first of its lane.
            for fan_out, active in tuple(self._active.items()):
                readers = active.copy()
                for subscriber in answers:
                    readers.pop(subscriber, None)
                if readers:
                    fan_out(readers, news, now)
        if self.observer is not None and answered:
            self.observer.on_broadcast(self.key, answered, now)

    def send_to_each(self, say: Callable[[Subscriber], None]) -> None:
        """Call `say` for each subscriber. A failing subscriber must not stop the rest."""
        for subscriber in list(self.subscribers):
            try:
                say(subscriber)
            except Exception:  # as in `broadcast`: the others must still get the message
                drop(subscriber)

    def notice(self, payload: bytes) -> None:
        """Send a notice to every patch client."""
        self.send_to_each(lambda subscriber: subscriber.notice(payload))

    def notice_to(self, sessions: set[str], payload: bytes) -> None:
        """Send a notice to the patch clients of these sessions."""

        def say(subscriber: Subscriber) -> None:
            if subscriber.session in sessions:
                subscriber.notice(payload)

        self.send_to_each(say)

    def resynchronise(self) -> None:
        """Ask every Yjs client for updates that the server may lack."""
        self.send_to_each(lambda subscriber: subscriber.resynchronise())
