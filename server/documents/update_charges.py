"""Update charges: what a batch costs its authors, and the rest of a long update.

A batch is the requests of one commit.

The server applies a long update in pieces, one after the other. The rest is the pieces that it has
not applied yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from collab.errors import Close
from collab.flow.budget import WORK_SECONDS, to_ms
from collab.patch.bounds import json_size
from collab.room.requests import Create, PatchRequest, Replace, Update

if TYPE_CHECKING:
    from collab.entry import Entry
    from collab.room.requests import Answer, Request
    from server.broadcast.subscriber import Submission
    from server.documents.request_queue import RequestQueue

# The longest time in seconds that a debt may take to pay back. A debt is what an author has used
# beyond the budget. With a larger debt, the server drops the rest of a long update. It also
# disconnects the client.
MOST_DEBT = 10.0
# An entry is a change as the log stores it. It is larger than its request, because it contains an
# update and undo records. So an entry is free up to `FREE_BYTES` plus `FREE_SHARE` times the size
# of its request.
FREE_BYTES = 16 * 1024
FREE_SHARE = 12


class UpdateCharges:
    """Keeps the costs of one batch until it is durable.

    Invariant: the server charges authors, and continues a long update, only after the batch is
    durable. When a commit fails, its batch costs nothing. The server applies it again, with its
    long update from the start.
    """

    def __init__(self) -> None:
        self.are_due = False  # whether the batch has cost anything
        self._done: list[tuple[Submission, float]] = []
        self._stored: list[tuple[Submission, int]] = []
        # The unapplied pieces of a long update, which is always the last request of its batch.
        self._rest: Sequence[bytes] = ()

    def note(self, submission: Submission, answer: Answer, seconds: float) -> None:
        """Note the costs of an applied request beyond its own bytes.

        Joined updates are free of charge when each of them would be.
        """
        entry, request, count = answer.entry, submission.request, submission.count
        seconds -= WORK_SECONDS * (count - 1)
        if entry is not None and len(entry.update) + len(entry.inverse) > FREE_BYTES:
            self._stored.append((submission, stored_beyond(request, entry, count)))
            self.are_due = True
        if type(request) is Update and (seconds > WORK_SECONDS or answer.rest):
            self._done.append((submission, seconds))
            self._rest = answer.rest
            self.are_due = True

    def charge(self, queue: RequestQueue, now: float) -> None:
        """Charge the authors of a durable batch, and queue the rest of a long update."""
        for submission, seconds in self._done:
            if submission.member.budget is not None:
                submission.member.budget.charge_time(seconds, now)
        for submission, beyond in self._stored:
            if submission.member.budget is not None:
                submission.member.budget.bytes.spend(beyond, now)
        if self._rest:
            _go_on_with(self._done[-1][0], self._rest, queue, now)
        self.discard()

    def discard(self) -> None:
        """Forget the costs of a batch."""
        self._done, self._stored, self._rest = [], [], ()
        self.are_due = False


def stored_beyond(request: Request, entry: Entry, count: int = 1) -> int:
    """Return how many bytes the server charges an entry's author in addition to the request.

    For example, the undo of a large paste is a short request with a large entry. `count` is the
    number of requests that the client sent.
    """
    stored = len(entry.update) + len(entry.inverse)
    match request:
        case Update():
            brought = len(request.update)
        case PatchRequest():
            brought = json_size(request.ops)
        case Create() | Replace():
            brought = json_size(request.value)
        case _:
            brought = 0
    return max(0, stored - count * FREE_BYTES - FREE_SHARE * brought)


def _go_on_with(
    submission: Submission, rest: Sequence[bytes], queue: RequestQueue, now: float
) -> None:
    """Queue the rest of a long update before its author's next requests.

    When the author's debt is too high, the server disconnects the client instead. The client
    reconnects after the debt has ended, and sends the missing part again.
    """
    subscriber, budget = submission.subscriber, submission.member.budget
    debt = budget.wait(now) if budget is not None else 0.0
    if debt > MOST_DEBT and subscriber is not None:
        subscriber.dismiss(Close.RATE, "rate_limited", to_ms(debt))
        queue.remove(lambda one: one.subscriber is subscriber)
    else:
        one = replace(submission, joined=(), count=1)
        pieces = [replace(one, request=Update(part, alone=True)) for part in rest]
        queue.put_rest(submission, pieces)
