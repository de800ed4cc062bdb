"""The queue of a document: each client has its turn, and its own requests stay in order."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from collab.entry import Author
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import PatchRequest
from server.broadcast.subscriber import Submission
from server.documents.request_queue import IN_A_TURN, RequestQueue


def member(user: str) -> Member:
    return Member(Author(user), Rights(Role.EDITOR, 2**53), "patch")


def put(queue: RequestQueue, by: Member, *names: str) -> None:
    for name in names:
        queue.put(Submission(by, PatchRequest(name, None, []), 0.0))


def names(queue: RequestQueue) -> list[str]:
    return [one.request.id for one in queue]  # type: ignore[union-attr] # all are patches


def test_without_a_backlog_requests_stay_in_the_order_of_their_arrival() -> None:
    queue = RequestQueue()
    for number in range(5):
        put(queue, member(f"user{number}"), f"r{number}")
    assert names(queue) == ["r0", "r1", "r2", "r3", "r4"]


def test_a_few_requests_of_each_client_stay_in_the_order_of_their_arrival() -> None:
    queue, ada, bo = RequestQueue(), member("ada"), member("bo")
    put(queue, ada, "a1", "a2", "a3")
    put(queue, bo, "b1")
    put(queue, ada, "a4")
    assert names(queue) == ["a1", "a2", "a3", "b1", "a4"]


def test_a_request_does_not_wait_for_all_that_another_client_has_sent() -> None:
    queue, ada, bo, cy = RequestQueue(), member("ada"), member("bo"), member("cy")
    put(queue, ada, *(f"a{number}" for number in range(2 * IN_A_TURN + 1)))
    put(queue, bo, *(f"b{number}" for number in range(IN_A_TURN + 1)))
    put(queue, cy, "c")
    turn = [*(f"a{number}" for number in range(IN_A_TURN))]
    turn += [*(f"b{number}" for number in range(IN_A_TURN)), "c"]
    assert names(queue)[: len(turn)] == turn
    assert len(queue) == 3 * IN_A_TURN + 3
    assert names(queue)[len(turn) + IN_A_TURN :] == [f"b{IN_A_TURN}", f"a{2 * IN_A_TURN}"]


def test_a_client_that_was_idle_gets_no_earlier_turn_than_others() -> None:
    queue, ada, bo = RequestQueue(), member("ada"), member("bo")
    put(queue, ada, *(f"a{number}" for number in range(3 * IN_A_TURN)))
    for _ in range(2 * IN_A_TURN):
        queue.popleft()
    put(queue, bo, *(f"b{number}" for number in range(IN_A_TURN + 1)))
    assert names(queue)[-1] == f"b{IN_A_TURN}"
    assert names(queue)[IN_A_TURN] == "b0"


@pytest.mark.parametrize("seed", range(8))
def test_each_client_keeps_its_order_at_random(seed: int) -> None:
    """Requests are also put back, as after a clash, and no client waits for more than its turn."""
    choose, queue = random.Random(seed), RequestQueue()
    members = [member(f"user{number}") for number in range(5)]
    sent: defaultdict[Member, list[str]] = defaultdict(list)
    served: defaultdict[Member, list[str]] = defaultdict(list)
    for step in range(60):
        by = choose.choice(members[: choose.randint(1, 5)])
        for _ in range(choose.choice([1, 1, 1, 30])):
            sent[by].append(f"{step}-{len(sent[by])}")
            put(queue, by, sent[by][-1])
        taken = [queue.popleft() for _ in range(min(len(queue), choose.randint(0, 8)))]
        kept = choose.randint(0, len(taken))
        for one in taken[:kept]:
            served[one.member].append(one.request.id)  # type: ignore[union-attr] # a patch
        for _ in range(choose.randint(0, 2)):
            other = choose.choice(members)
            sent[other].append(f"{step}-late-{len(sent[other])}")
            put(queue, other, sent[other][-1])
        queue.extendleft(reversed(taken[kept:]))
    while queue:
        one = queue.popleft()
        served[one.member].append(one.request.id)  # type: ignore[union-attr] # a patch
    assert served == sent


def test_the_turns_of_clients_that_have_gone_are_forgotten() -> None:
    queue = RequestQueue()
    for number in range(1_000):
        put(queue, member(f"user{number}"), f"r{number}")
        if number > 2:
            queue.popleft()
    assert len(queue._newest) < 12
