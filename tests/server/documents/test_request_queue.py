"""The queue of a document: each user has a turn, and each connection keeps its order."""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from types import FrameType

import pytest

from collab.entry import Author
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import PatchRequest
from server.broadcast.subscriber import Submission
from server.documents import request_queue
from server.documents.request_queue import IN_A_TURN, RequestQueue
from tests.seeds import seeds


def member(user: str) -> Member:
    return Member(Author(user), Rights(Role.EDITOR, 2**53), "patch")


def put(queue: RequestQueue, by: Member, *names: str) -> None:
    for name in names:
        queue.put(request(by, name))


def request(by: Member, name: str) -> Submission:
    return Submission(by, PatchRequest(name, None, []), 0.0)


def name_of(submission: Submission) -> str:
    assert isinstance(submission.request, PatchRequest)
    return submission.request.id


def names(queue: RequestQueue) -> list[str]:
    return [name_of(one) for one in queue]


def numbered(letter: str, count: int, start: int = 0) -> list[str]:
    return [f"{letter}{number}" for number in range(start, start + count)]


def test_without_a_backlog_requests_stay_in_the_order_of_their_arrival() -> None:
    queue = RequestQueue()
    for number in range(5):
        put(queue, member(f"user{number}"), f"r{number}")
    assert names(queue) == numbered("r", 5)


def test_a_few_requests_of_each_user_stay_in_the_order_of_their_arrival() -> None:
    queue, ada, bo = RequestQueue(), member("ada"), member("bo")
    put(queue, ada, "a1", "a2", "a3")
    put(queue, bo, "b1")
    put(queue, ada, "a4")
    assert names(queue) == ["a1", "a2", "a3", "b1", "a4"]


def test_a_request_does_not_wait_for_all_that_another_user_has_sent() -> None:
    queue, ada, bo, cy = RequestQueue(), member("ada"), member("bo"), member("cy")
    put(queue, ada, *numbered("a", 2 * IN_A_TURN + 1))
    put(queue, bo, *numbered("b", IN_A_TURN + 1))
    put(queue, cy, "c")
    turn = [*numbered("a", IN_A_TURN), *numbered("b", IN_A_TURN), "c"]
    assert names(queue)[: len(turn)] == turn
    assert len(queue) == 3 * IN_A_TURN + 3
    assert names(queue)[len(turn) + IN_A_TURN :] == [f"b{IN_A_TURN}", f"a{2 * IN_A_TURN}"]


def test_a_user_has_one_turn_over_all_connections() -> None:
    """An HTTP client has another member for each request."""
    queue = RequestQueue()
    for name in numbered("a", 100):
        put(queue, member("ada"), name)
    put(queue, member("bo"), "b")
    assert names(queue).index("b") == IN_A_TURN
    [gone] = queue.remove(lambda one: one.member.author.user == "bo")
    assert (name_of(gone), len(queue)) == ("b", 100)
    assert names(queue) == numbered("a", 100)


def test_a_user_that_was_idle_gets_no_earlier_turn_than_others() -> None:
    queue, ada, bo = RequestQueue(), member("ada"), member("bo")
    put(queue, ada, *numbered("a", 3 * IN_A_TURN))
    for _ in range(2 * IN_A_TURN):
        queue.take_first()
    put(queue, bo, *numbered("b", IN_A_TURN + 1))
    turns = [*numbered("b", IN_A_TURN), *numbered("a", IN_A_TURN, start=2 * IN_A_TURN)]
    assert names(queue) == [*turns, f"b{IN_A_TURN}"]


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_user_whose_requests_were_served_waits_for_one_turn_at_most(in_thread: bool) -> None:
    queue, ada, bo = RequestQueue(), member("ada"), member("bo")
    put(queue, ada, *numbered("a", 16 * IN_A_TURN))
    if in_thread:
        queue.take(256, lambda one: True)
        queue.put_back([])
    while queue:
        queue.take_first()
    put(queue, bo, *numbered("b", 5 * IN_A_TURN))
    put(queue, ada, "late")
    assert names(queue).index("late") <= 2 * IN_A_TURN


def test_a_request_is_not_behind_those_that_a_thread_puts_back() -> None:
    """A thread takes many requests, and leaves most of them when its time is over."""
    queue, ada, bo = RequestQueue(), member("ada"), member("bo")
    put(queue, ada, *numbered("a", 100))
    taken = queue.take(100, lambda one: True)
    put(queue, ada, *numbered("a", 28, start=100))
    put(queue, bo, "b")
    for _ in range(3):
        taken.popleft()  # the thread has applied these
    queue.put_back(taken)
    assert names(queue).index("b") < 2 * IN_A_TURN
    put(queue, member("cy"), "c")
    assert names(queue).index("c") < 2 * IN_A_TURN + 1
    assert [name for name in names(queue) if name[0] == "a"] == numbered("a", 125, start=3)


def test_the_rest_of_a_request_has_turns_and_is_before_the_next_one_of_its_connection() -> None:
    queue, ada, bo = RequestQueue(), member("ada"), member("bo")
    put(queue, ada, "a0", "next")
    put(queue, bo, "b0", "b1")
    first = queue.take_first()
    queue.put_rest(first, [request(ada, name) for name in numbered("rest", 20)])
    put(queue, ada, "last")
    put(queue, bo, "b2")
    put(queue, member("ada"), "other")
    put(queue, member("cy"), "c")
    late = ["next", "last"]
    assert names(queue) == ["b0", "b1", "b2", "other", "c", *numbered("rest", 20), *late]
    for _ in range(6):
        queue.take_first()
    put(queue, bo, "b3")
    put(queue, member("ada"), "later")
    assert names(queue) == ["b3", "later", *numbered("rest", 19, start=1), *late]


class Model:
    """What the queue promises, without its code: counts of what was served before each request."""

    def __init__(self, seed: int, users: int = 4, largest_batch: int = 12) -> None:
        self.choose, self.queue = random.Random(seed), RequestQueue()
        self.largest_batch = largest_batch
        self.members = [member(f"user{number % users}") for number in range(2 * users - 1)]
        self.sent: defaultdict[Member, list[str]] = defaultdict(list)
        self.served: defaultdict[Member, list[str]] = defaultdict(list)
        self.order: list[Submission] = []
        self.waiting: Counter[str] = Counter()  # by user; each piece of a rest has a turn
        self.began: dict[str, tuple[int, int]] = {}  # served so far, and waiting of the same user

    def send(self, by: Member) -> None:
        name = f"r{len(self.began)}"
        self.began[name] = len(self.order), self.waiting[by.author.user]
        self.waiting[by.author.user] += 1
        self.sent[by].append(name)
        put(self.queue, by, name)

    def serve(self, one: Submission) -> None:
        self.order.append(one)
        self.waiting[one.member.author.user] -= IN_A_TURN if "+" in name_of(one) else 1
        self.served[one.member].append(name_of(one))

    def run(self) -> None:
        """Make many steps, serve all, and check that each connection has kept its order."""
        for _ in range(80):
            self.step()
            turns = [one.ticket // IN_A_TURN for one in self.queue]
            assert turns == sorted(turns)
        while self.queue:
            self.serve(self.queue.take_first())
        for by, sent in self.sent.items():
            assert self.served[by] == sent

    def step(self) -> None:
        number = self.choose.randrange(len(self.members))
        if self.sent[by := self.members[number]] == self.served[by]:  # another connection follows
            self.members[number] = member(by.author.user)
        for _ in range(self.choose.choice([0, 1, 1, 2])):
            by = self.choose.choice(self.members[: self.choose.randint(1, len(self.members))])
            for _ in range(self.choose.choice([1, 1, 1, 3, 40])):
                self.send(by)
        most = self.choose.randint(0, 12)
        match self.choose.choice(["each", "rest", "thread", "clash"]):
            case "each":
                for _ in range(min(most, len(self.queue))):
                    self.serve(self.queue.take_first())
            case "rest" if self.queue:
                first = self.queue.take_first()
                self.serve(first)
                self.leave_rest(first, most)
            case "thread":
                taken = self.queue.take(self.choose.choice([most, 256]), lambda one: True)
                self.send_some()
                for _ in range(min(most, len(taken))):
                    self.serve(taken.popleft())
                self.queue.put_back(taken)
            case "clash":
                most = self.choose.choice([most, self.largest_batch])
                batch = [self.queue.take_first() for _ in range(min(most, len(self.queue)))]
                self.send_some()
                self.queue.put_back(batch)

    def leave_rest(self, first: Submission, count: int) -> None:
        """Serve only a part of a request."""
        by, served = first.member, len(self.served[first.member])
        pieces = [f"{name_of(first)}+{number}" for number in range(count)]
        for number, name in enumerate(pieces):
            own = self.waiting[by.author.user] + IN_A_TURN * number
            self.began[name] = len(self.order), own
        for name in self.sent[by][served:]:
            since, own = self.began[name]
            self.began[name] = since, own + IN_A_TURN * count
        self.waiting[by.author.user] += IN_A_TURN * count
        self.sent[by][served:served] = pieces
        self.queue.put_rest(first, [request(by, name) for name in pieces])

    def send_some(self) -> None:
        for _ in range(self.choose.randint(0, 3)):
            self.send(self.choose.choice(self.members))

    def most_before(self, name: str) -> int:
        """How many requests of others may be served before a request.

        The rest of a request, and the other connections of its user, have turns side by side.
        """
        _, own = self.began[name]
        return (own // IN_A_TURN + 4) * IN_A_TURN * (len(self.members) - 1)


@pytest.mark.parametrize("seed", seeds(5, 20))
def test_each_connection_keeps_its_order_when_large_batches_are_put_back_at_random(
    seed: int,
) -> None:
    Model(seed, users=14, largest_batch=256).run()


@pytest.mark.parametrize("seed", seeds(5, 20))
def test_each_connection_keeps_its_order_and_waits_for_few_others_at_random(seed: int) -> None:
    """Requests are also put back, as after a clash, and by a thread whose time is over."""
    model = Model(seed)
    model.run()
    users = [one.member.author.user for one in model.order]
    for at, one in enumerate(model.order):
        name = name_of(one)
        since, _ = model.began[name]
        others = sum(user != users[at] for user in users[since:at])
        assert others <= model.most_before(name)


def test_the_turns_of_users_that_have_gone_are_forgotten() -> None:
    queue, most = RequestQueue(), 0
    for number in range(1_000):
        put(queue, member(f"user{number}"), f"r{number}")
        if number > 2:
            queue.take_first()
        most = max(most, len(queue._newest))
    assert most < 20
    assert Counter(names(queue)) == Counter(numbered("r", 3, start=997))


def test_connections_that_had_the_rest_of_a_request_are_forgotten() -> None:
    """One user has many connections. Each sends one long request, and goes."""
    queue, most = RequestQueue(), 0
    for number in range(200):
        here = member("ada")
        put(queue, here, f"r{number}")
        queue.put_rest(queue.take_first(), [request(here, name) for name in numbered("rest", 3)])
        put(queue, here, "next")
        assert names(queue) == [*numbered("rest", 3), "next"]
        while queue:
            queue.take_first()
        most = max(most, len(queue._rests))
    assert most < 20
    queue.clear()
    assert not queue._rests


def test_requests_are_put_back_in_few_steps_while_the_rest_of_another_waits() -> None:
    def count_lines(waiting: int) -> int:
        queue, ada = RequestQueue(), member("ada")
        put(queue, ada, "long")
        queue.put_rest(queue.take_first(), [request(ada, name) for name in numbered("rest", 3)])
        for number in range(waiting):
            put(queue, member(f"user{number}"), f"r{number}")
        taken = queue.take(3, lambda one: True)
        return lines_of(lambda: queue.put_back(taken))

    assert count_lines(400) == count_lines(4)


def test_removed_requests_are_returned_in_their_order() -> None:
    queue, ada, bo = RequestQueue(), member("ada"), member("bo")
    put(queue, ada, *numbered("a", 2 * IN_A_TURN))
    put(queue, bo, "b")
    queue.put_back([queue.take_first(), queue.take_first()])
    gone = queue.remove(lambda one: one.member is ada)
    assert [name_of(one) for one in gone] == numbered("a", 2 * IN_A_TURN)
    assert (names(queue), len(queue)) == (["b"], 1)
    assert queue.take_first().member is bo
    assert (queue.first, len(queue), bool(queue)) == (None, 0, False)
    put(queue, ada, "again")
    queue.clear()
    assert (names(queue), queue.first) == ([], None)
    put(queue, ada, "at last")
    assert names(queue) == ["at last"]


@pytest.mark.parametrize("has_rest", [False, True], ids=["requests", "a rest"])
def test_a_connection_keeps_its_order_when_all_that_it_sent_was_taken(has_rest: bool) -> None:
    """A batch has requests of many users, and the queue is empty. Another writer was first."""
    queue, ada = RequestQueue(), member("ada")
    own = numbered("a", 40)
    put(queue, ada, *own[: 1 if has_rest else 40])
    if has_rest:
        queue.put_rest(queue.take_first(), [request(ada, name) for name in own])
    for number in range(100):
        put(queue, member(f"user{number}"), f"r{number}")
    batch = [queue.take_first() for _ in range(len(queue))]
    put(queue, member("bo"), "b")
    queue.put_back(batch)
    put(queue, ada, "last")
    assert [name for name in names(queue) if name[0] in "al"] == [*own, "last"]


def test_a_connection_keeps_its_order_when_its_user_was_forgotten_meanwhile() -> None:
    """Between taking and putting back, so many others come and go that idle users are forgotten."""
    queue, ada = RequestQueue(), member("ada")
    put(queue, ada, *numbered("a", 6 * IN_A_TURN))
    batch = [queue.take_first() for _ in range(5 * IN_A_TURN)]
    for number in range(100):
        put(queue, member(f"user{number}"), f"r{number}")
    left = [one for one in queue if one.member is not ada]
    queue.remove(lambda one: one in left)
    put(queue, member("bo"), "b")
    queue.put_back(batch)
    for number in range(100):
        put(queue, member(f"late{number}"), f"l{number}")
    queue.remove(lambda one: name_of(one)[0] == "l")
    put(queue, ada, "last")
    own = [name for name in names(queue) if name[0] in "al"]
    assert own == [*numbered("a", 6 * IN_A_TURN), "last"]


def lines_for(clients: int, each: int) -> int:
    """Return how many lines of the queue run while it gets these requests, and gives them."""
    queue = RequestQueue()
    members = [member(f"user{number}") for number in range(clients)]
    waiting = [request(one, "p") for one in members for _ in range(each)]

    def serve() -> None:
        for one in waiting:
            queue.put(one)
        while queue:
            queue.take_first()

    return lines_of(serve)


def lines_of(work: Callable[[], object]) -> int:
    """Return how many lines of the queue run during this work."""
    lines = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal lines
        if frame.f_code.co_filename != request_queue.__file__:
            return None
        lines += event == "line"
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]  # it returns itself
    try:
        work()
    finally:
        sys.settrace(None)
    return lines


@pytest.mark.parametrize("clients", [1, 20])
def test_a_request_takes_no_longer_when_many_wait(clients: int) -> None:
    assert lines_for(clients, 400) < 2.2 * lines_for(clients, 200)
