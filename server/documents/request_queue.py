"""The queue of a document's requests. Each client has its turn."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from collab.room.member import Member
    from server.broadcast.subscriber import Submission

# The requests of one client in a turn. Fewer would change the order of requests that come almost at
# once.
IN_A_TURN: Final = 8


class RequestQueue(deque["Submission"]):
    """Requests in the order in which the commit loop takes them from the left.

    That is the order of their arrival, unless many requests of one client wait. Then each client
    has `IN_A_TURN` of them in each turn. So a request does not wait for all that another client has
    sent before.

    Invariant: the requests of one client stay in the order in which it has sent them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._newest: dict[Member, int] = {}  # the ticket of each client's newest request

    def put(self, submission: Submission) -> None:
        """Put a new request behind the last one of its turn."""
        if len(self._newest) > 2 * len(self):  # most clients have nothing here any more
            self._newest = {one.member: one.ticket for one in self}
        member = submission.member
        first = _turn(self[0]) * IN_A_TURN if self else 0
        submission.ticket = self._newest[member] = max(first, self._newest.get(member, -1) + 1)
        at, turn = len(self), _turn(submission)
        while at and _turn(self[at - 1]) > turn and self[at - 1].member is not member:
            at -= 1
        self.insert(at, submission)

    def take(self, most: int, may: Callable[[Submission], bool]) -> deque[Submission]:
        """Take up to `most` requests from the left, until one of them may not be taken."""
        taken: deque[Submission] = deque()
        while self and len(taken) < most and may(self[0]):
            taken.append(self.popleft())
        return taken


def _turn(submission: Submission) -> int:
    return submission.ticket // IN_A_TURN
