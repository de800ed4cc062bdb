"""Work: what a batch's Yjs updates cost their authors, and what it left of a long one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from collab.errors import Close
from collab.room.budget import to_ms
from collab.room.requests import Update

if TYPE_CHECKING:
    from collab.room.requests import Answer
    from server.audience import Submission

# Seconds until a debt is paid: beyond that an update that takes long is not gone on with.
MOST_DEBT = 10.0


class Work:
    """One batch's work.

    Invariant: nobody pays, and nothing is gone on with, before the batch is durable. One that is
    put back is judged again, which is not its authors' doing, and has the whole update still.
    """

    def __init__(self) -> None:
        self._done: list[tuple[Submission, float]] = []
        self._rest: Sequence[bytes] = ()  # of the last that was done

    def note(self, submission: Submission, answer: Answer, seconds: float) -> None:
        if isinstance(submission.request, Update):
            self._done.append((submission, seconds))
            self._rest = answer.rest

    def settle(self, queue: deque[Submission], now: float) -> None:
        """The batch is durable."""
        for submission, seconds in self._done:
            if submission.member.meter is not None:
                submission.member.meter.charge(seconds, now)
        if self._rest:
            _go_on_with(self._done[-1][0], self._rest, queue, now)
        self.forget()

    def forget(self) -> None:
        """The batch came to nothing."""
        self._done, self._rest = [], ()


def _go_on_with(
    submission: Submission, rest: Sequence[bytes], queue: deque[Submission], now: float
) -> None:
    """What is left of a long update waits before its author's next requests, while they can pay.

    Who cannot comes back when the debt is paid, and sends what is not here yet.
    """
    listener, meter = submission.listener, submission.member.meter
    debt = meter.wait(now) if meter is not None else 0.0
    waiting = list(queue)
    if debt > MOST_DEBT and listener is not None:
        listener.dismiss(Close.RATE, "rate_limited", to_ms(debt))
        waiting = [one for one in waiting if one.listener is not listener]
    else:
        own = (at for at, one in enumerate(waiting) if one.listener is listener)
        at = next(own, len(waiting))
        waiting[at:at] = [replace(submission, request=Update(part)) for part in rest]
    queue.clear()
    queue.extend(waiting)
