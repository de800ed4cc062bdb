"""The rest of a long update: its place in the queue, and an author whose debt is too high."""

from __future__ import annotations

from collab.flow.budget import Allowance, ByteAndMessageBudget
from collab.room.requests import Answer, Update
from server.broadcast.subscriber import Submission
from server.documents.request_queue import RequestQueue
from server.documents.update_charges import MOST_DEBT, UpdateCharges
from tests.server.listener import Listener
from tests.server.scene import scene

NOW = 1_000.0
RATE = 1_000


def waiting(by: Listener, update: bytes) -> Submission:
    return Submission(by.member, Update(update), 0.0, subscriber=by)


def queue_of(*submissions: Submission) -> RequestQueue:
    queue = RequestQueue()
    for one in submissions:
        queue.put(one)
    return queue


def charged(by: Listener, queue: RequestQueue) -> list[bytes]:
    """Charge a batch that left two pieces of an update; return the updates in the queue."""
    charges = UpdateCharges()
    charges.note(waiting(by, b"first"), Answer(2, rest=[b"second", b"third"]), 0.0)
    charges.charge(queue, NOW)
    return [one.request.update for one in queue if isinstance(one.request, Update)]


async def test_the_rest_of_an_update_stands_before_the_next_request_of_its_author() -> None:
    async with scene() as it:
        queue = queue_of(waiting(it.bo, b"bo"), waiting(it.ada, b"next"), waiting(it.bo, b"late"))
        assert charged(it.ada, queue) == [b"bo", b"late", b"second", b"third", b"next"]
        alone = queue_of(waiting(it.bo, b"bo"))
        assert charged(it.ada, alone) == [b"bo", b"second", b"third"]


async def test_an_author_in_debt_is_closed_and_what_it_sent_is_dropped() -> None:
    async with scene() as it:
        budget = it.ada.member.budget = ByteAndMessageBudget(Allowance(RATE, RATE), NOW)
        budget.spend(int(RATE * (MOST_DEBT + 1)), NOW)
        queue = queue_of(waiting(it.bo, b"bo"), waiting(it.ada, b"next"))
        assert charged(it.ada, queue) == [b"bo", b"second", b"third", b"next"]
        budget.spend(1, NOW)
        queue = queue_of(waiting(it.bo, b"bo"), waiting(it.ada, b"next"))
        assert charged(it.ada, queue) == [b"bo"]
        assert it.of("ada") == [("closed", 4529)]


async def test_a_batch_that_is_discarded_leaves_no_rest_and_costs_no_time() -> None:
    async with scene() as it:
        budget = it.ada.member.budget = ByteAndMessageBudget(Allowance(RATE, RATE), NOW)
        charges, queue = UpdateCharges(), RequestQueue()
        charges.note(waiting(it.ada, b"first"), Answer(2, rest=[b"second"]), 100.0)
        charges.discard()
        charges.charge(queue, NOW)
        assert (list(queue), budget.wait(NOW)) == ([], 0.0)
        charges.note(waiting(it.ada, b"first"), Answer(2), 100.0)
        charges.charge(queue, NOW)
        assert budget.wait(NOW) > 0
