"""The queue of a document's requests. Each user has a turn."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collab.room.member import Member
    from server.broadcast.subscriber import Submission

# The requests of one user in a turn. Fewer would change the order of requests that come almost at
# once.
IN_A_TURN: Final = 8


class RequestQueue(deque["Submission"]):
    """Requests in the order in which the commit loop takes them from the left.

    That is the order of their arrival, unless many requests of one user wait. Then each user has
    `IN_A_TURN` of them in each turn. So a request does not wait for all that another user has sent
    before, over any number of connections.

    A ticket is the number of a request among those of its user, counted from the present turn on.
    Each `IN_A_TURN` tickets are a turn.

    Invariant: turns never decrease from left to right. The requests of one connection (a `Member`)
    stay in the order of their arrival.
    """

    def __init__(self) -> None:
        super().__init__()
        self._turn = 0  # the present turn: that of the request that was served last
        self._last_taken = 0  # from `take` to `put_back`: the turn of the last taken request
        self._newest: dict[str, int] = {}  # the ticket of each user's newest request

    def put(self, submission: Submission) -> None:
        """Put a new request behind the last one of its turn."""
        if len(self._newest) > 2 * len(self) + IN_A_TURN:
            self._forget_idle()
        user = submission.member.author.user
        ticket = max(self._turn * IN_A_TURN, self._newest.get(user, -1) + 1)
        submission.ticket = self._newest[user] = ticket
        self._insert(submission)

    def take_first(self) -> Submission:
        """Take the request at the left."""
        first = self.popleft()
        self._turn = first.ticket // IN_A_TURN
        return first

    def take(self, most: int, may: Callable[[Submission], bool]) -> deque[Submission]:
        """Take up to `most` requests from the left, until one of them may not be taken.

        Then call `put_back` with the requests that still wait.
        """
        taken: deque[Submission] = deque()
        if self:
            self._turn = self[0].ticket // IN_A_TURN
        while self and len(taken) < most and may(self[0]):
            taken.append(self.popleft())
        if taken:
            self._last_taken = taken[-1].ticket // IN_A_TURN
        return taken

    def put_back(self, taken: Sequence[Submission]) -> None:
        """Put requests back that were taken, in their order.

        Requests with an earlier turn may have come meanwhile. These come first.
        """
        last_taken, self._last_taken = self._last_taken, 0
        if taken:
            self._turn = taken[0].ticket // IN_A_TURN
            self._arrange([*taken, *self])
        else:
            self._turn = max(self._turn, last_taken)

    def put_rest(self, submission: Submission, rest: Sequence[Submission]) -> None:
        """Put the rest of a request that was taken, before the next ones of its connection.

        Each piece of the rest has a turn of its own, because it takes long.
        """
        for turn, piece in enumerate(rest, submission.ticket // IN_A_TURN + 1):
            piece.ticket = turn * IN_A_TURN
        self._arrange([*rest, *self])

    def _arrange(self, waiting: list[Submission]) -> None:
        """Put requests into the order of their turns, and keep the order of each connection."""
        newest: dict[Member, int] = {}
        for one in waiting:
            one.ticket = newest[one.member] = max(one.ticket, newest.get(one.member, -1) + 1)
        waiting.sort(key=_turn_of)
        self.clear()
        self.extend(waiting)

    def _insert(self, submission: Submission) -> None:
        """Insert a request at the end of its turn, and behind all others of its connection."""
        turn, member = submission.ticket // IN_A_TURN, submission.member
        at = len(self)
        for other in reversed(self):
            if other.ticket // IN_A_TURN <= turn:
                break
            if other.member is member:  # a piece of a rest, with a later turn
                submission.ticket = other.ticket + 1
                self._insert(submission)
                return
            at -= 1
        self.insert(at, submission)

    def _forget_idle(self) -> None:
        """Forget the users who have no request after the present turn."""
        later = (self._turn + 1) * IN_A_TURN
        self._newest = {user: ticket for user, ticket in self._newest.items() if ticket >= later}


def _turn_of(submission: Submission) -> int:
    return submission.ticket // IN_A_TURN
