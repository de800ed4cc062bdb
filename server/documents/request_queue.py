"""The queue of a document's requests. Each user has a turn."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from collab.room.requests import Answer, Update
from collab.room.yjs_rules import MOST_BYTES, MOST_UPDATES, joined, may_join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from collab.room.member import Member
    from collab.room.working import Working
    from server.broadcast.subscriber import Submission

logger = logging.getLogger(__name__)

# The requests of one user in a turn. Fewer would change the order of requests that come almost at
# once.
IN_A_TURN: Final = 8


class RequestQueue:
    """Requests in the order in which the commit loop takes them.

    That is the order of their arrival, unless many requests of one user wait. Then each user has
    `IN_A_TURN` of them in each turn. So a request does not wait for all that another user has sent
    before, over any number of connections. To put or to take a request takes the same time, however
    many requests wait.

    A ticket is the number of a request among those of its user, counted from the present turn on.
    Each `IN_A_TURN` tickets are a turn.

    Invariant: the requests of one connection (a `Member`) stay in the order of their arrival.
    `first` is the request that is taken next; None when the queue is empty.
    """

    def __init__(self) -> None:
        self.first: Submission | None = None  # only this class changes it
        self._turns: dict[int, deque[Submission]] = {}  # only turns with requests
        self._numbers: list[int] = []  # a heap with the numbers of these turns, and of former ones
        self._count = 0
        self._turn = 0  # the present turn: that of the request that was served last
        self._last_taken = 0  # from `take` to `put_back`: the turn of the last taken request
        self._newest: dict[str, int] = {}  # the ticket of each user's newest request
        # The ticket of a connection's newest request, when it is after the newest of its user: the
        # rest of a long request has turns of its own.
        self._rests: dict[Member, int] = {}
        self.joins = True  # whether updates may be joined; only this class changes it

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Submission]:
        for number in sorted(self._turns):
            yield from self._turns[number]

    def put(self, submission: Submission) -> None:
        """Put a new request behind the last one of its turn."""
        if max(len(self._newest), len(self._rests)) > 2 * self._count + IN_A_TURN:
            self._forget_idle()
        member = submission.member
        user = member.author.user
        ticket = max(self._turn * IN_A_TURN, self._newest.get(user, -1) + 1)
        self._newest[user] = ticket
        if member in self._rests:
            ticket = max(ticket, self._rests[member] + 1)
            self._rests[member] = ticket
        self._add(submission, ticket)

    def take_first(self) -> Submission:
        """Take the next request. The queue must have one."""
        first = self._pop()
        self._turn = first.ticket // IN_A_TURN
        return first

    def take(self, most: int, may: Callable[[Submission], bool]) -> deque[Submission]:
        """Take up to `most` requests, until one of them may not be taken.

        Then call `put_back` with the requests that still wait.
        """
        taken: deque[Submission] = deque()
        if self.first is not None:
            self._turn = self.first.ticket // IN_A_TURN
        while self.first is not None and len(taken) < most and may(self.first):
            taken.append(self._pop())
        if taken:
            self._last_taken = taken[-1].ticket // IN_A_TURN
        return taken

    def put_back(self, taken: Sequence[Submission]) -> None:
        """Put requests back that were taken, in their order: each before the others of its turn."""
        later = max(self._turn, self._last_taken)
        self._turn = taken[0].ticket // IN_A_TURN if taken else later
        self._last_taken = 0
        for one in reversed(taken):
            self._remember(one)
            self._turn_at(one.ticket // IN_A_TURN).appendleft(one)
        self._count += len(taken)
        self._find_first()

    def put_apart(self, parts: Sequence[Submission], answer: Answer | BaseException) -> bool:
        """Put joined updates back that were refused together: perhaps some of them are right.

        Return False when they failed with an exception, so that the document must be loaded again.
        The queue joins no more updates then, so a client cannot cause this again and again.
        """
        if isinstance(answer, BaseException):
            logger.warning("joined updates failed; each is applied alone", exc_info=answer)
            self.joins = False
        self.put_back(list(map(_alone, parts)))
        return isinstance(answer, Answer)

    def put_rest(self, submission: Submission, rest: Sequence[Submission]) -> None:
        """Put the rest of a request that was taken, before the next ones of its connection.

        Each piece of the rest has a turn of its own, because it takes long.
        """
        for turn, piece in enumerate(rest, submission.ticket // IN_A_TURN + 1):
            piece.ticket = turn * IN_A_TURN
        self._rests[submission.member] = submission.ticket
        self._arrange([*rest, *self])

    def remove(self, is_gone: Callable[[Submission], bool]) -> list[Submission]:
        """Remove and return the requests for which `is_gone` is true, in their order."""
        gone: list[Submission] = []
        for number in sorted(self._turns):
            kept: deque[Submission] = deque()
            for one in self._turns[number]:
                (gone if is_gone(one) else kept).append(one)
            if kept:
                self._turns[number] = kept
            else:
                del self._turns[number]
        self._count -= len(gone)
        self._find_first()
        return gone

    def clear(self) -> None:
        """Drop all requests."""
        self._drop_waiting()
        self._newest.clear()
        self._rests.clear()

    def _drop_waiting(self) -> None:
        self._turns.clear()
        self._numbers.clear()
        self._count, self.first = 0, None

    def _arrange(self, waiting: list[Submission]) -> None:
        """Put requests into their turns. Those of a connection get later turns to keep their order.

        This takes time for each request, so only the rest of a long request needs it.
        """
        newest = dict.fromkeys(self._rests, -1)
        self._drop_waiting()
        for one in waiting:
            ticket = max(one.ticket, newest.get(one.member, -1) + 1)
            newest[one.member] = ticket
            self._add(one, ticket)
        self._rests = {member: max(at, newest[member]) for member, at in self._rests.items()}

    def _add(self, submission: Submission, ticket: int) -> None:
        submission.ticket, number = ticket, ticket // IN_A_TURN
        if not self._count:  # this is the usual case, so it takes the shortest way
            self._turns[number], self._numbers = deque((submission,)), [number]
            self._count, self.first = 1, submission
            return
        self._turn_at(number).append(submission)
        self._count += 1
        if self.first is None or number < self.first.ticket // IN_A_TURN:
            self.first = submission

    def _turn_at(self, number: int) -> deque[Submission]:
        turn = self._turns.get(number)
        if turn is None:
            turn = self._turns[number] = deque()
            heappush(self._numbers, number)
        return turn

    def _pop(self) -> Submission:
        first = self.first
        assert first is not None
        number = first.ticket // IN_A_TURN
        turn = self._turns[number]
        turn.popleft()
        self._count -= 1
        if turn:
            self.first = turn[0]
        else:
            del self._turns[number]
            self.first = None
            if self._count:
                self._find_first()
        return first

    def _find_first(self) -> None:
        turns, numbers = self._turns, self._numbers
        while numbers and numbers[0] not in turns:
            heappop(numbers)
        self.first = turns[numbers[0]][0] if numbers else None

    def _remember(self, submission: Submission) -> None:
        """Note the ticket of a request that is put back, so that later ones come after it.

        While it was taken, its user or its connection may have been forgotten.
        """
        member, ticket = submission.member, submission.ticket
        if ticket > self._newest.setdefault(member.author.user, ticket):
            self._rests[member] = max(ticket, self._rests.get(member, ticket))

    def _forget_idle(self) -> None:
        """Forget users and connections with no request that waits, or is after the present turn."""
        later = (self._turn + 1) * IN_A_TURN
        waiting = {one.member for one in self}
        users = {member.author.user for member in waiting}
        self._newest = {u: t for u, t in self._newest.items() if t >= later or u in users}
        self._rests = {m: t for m, t in self._rests.items() if t >= later or m in waiting}


def with_next_updates(first: Submission, queue: RequestQueue, working: Working) -> Submission:
    """Return a request that was taken, joined with the updates of its client that come next."""
    size = _joinable_bytes(first)
    if not size or not queue.joins or not _continues(first, queue.first, size):
        return first
    if not may_join(working, first.member):
        return first
    some = [first]
    while len(some) < MOST_UPDATES and _continues(first, queue.first, size):
        some.append(queue.take_first())
        size += _joinable_bytes(some[-1])
    update = joined([one.request.update for one in some if isinstance(one.request, Update)])
    if update is None:
        first, *rest = map(_alone, some)
        queue.put_back(rest)
        return first
    whole = Update(update, is_joined=True)
    return replace(first, request=whole, joined=some, count=len(some))


def _alone(submission: Submission) -> Submission:
    """Return the same submission of an update, which is not joined with others any more."""
    request = submission.request
    assert isinstance(request, Update)
    return replace(submission, request=Update(request.update, request.is_whole, alone=True))


def _continues(first: Submission, following: Submission | None, size: int) -> bool:
    """Whether the next request is another small update of the same client."""
    if following is None or following.member is not first.member:
        return False
    return 0 < _joinable_bytes(following) <= MOST_BYTES - size


def _joinable_bytes(submission: Submission) -> int:
    """Return the bytes of an update that may be joined; 0 for any other request."""
    request = submission.request
    if type(request) is not Update or request.is_whole or request.alone:
        return 0
    return len(request.update)
