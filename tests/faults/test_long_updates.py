"""A slow Yjs update is applied in slices between other requests, while its budget lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from collab.entry import Author
from collab.flow.budget import Allowance, ByteAndMessageBudget
from collab.ports.store import Append, Clash, Outcome
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Answer, Update
from collab.yjs import slices
from server.broadcast.subscriber import Submission
from server.documents.live_room import LiveRoom
from storage.memory.store import MemoryStore
from storage.store import SqlStore
from tests.collab.yjs.updates import NULL, plain, shared, update
from tests.faults.inside import PAGE, Follower, Inside, inside

pytestmark = pytest.mark.thorough

LENGTH = 100
READING = 0.03  # seconds that each reading of the clock takes
CHAIN = update(
    (7, 0, [shared(1, root="l"), *(shared(1, origin=(7, clock)) for clock in range(LENGTH - 1))])
)
LONG = update((9, 0, [plain(NULL, origin=(7, clock)) for clock in range(LENGTH)]))


@pytest.fixture
async def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Inside]:
    """A hub where each slice is one struct, which uses up the time of its turn."""
    monkeypatch.setattr(slices, "STEPS", 1)
    async with inside(SqlStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")) as made:
        await made.make({"n": 0})
        made.clock.per_reading = READING
        yield made


def writer(hall: Inside, user: str, rate: int) -> Member:
    budget = ByteAndMessageBudget(Allowance(rate, 8 * rate), hall.clock.monotonic())
    return Member(Author(user), Rights(Role.EDITOR, 2**53), "yjs", budget=budget)


class Bill(ByteAndMessageBudget):
    """A budget that records its charges."""

    def __init__(self, now: float) -> None:
        super().__init__(Allowance(0, 0), now)
        self.seconds: list[float] = []

    def charge_time(self, seconds: float, now: float) -> None:
        self.seconds.append(round(seconds, 3))


class ClashingStore(MemoryStore):
    """A store whose commits clash at times, as if another server had written first."""

    def __init__(self) -> None:
        super().__init__()
        self.clashes = 0

    async def commit(self, batch: Sequence[Append]) -> list[Outcome]:
        if self.clashes:
            self.clashes -= 1
            return [Clash() for _ in batch]
        return await super().commit(batch)


def send(hall: Inside, live: LiveRoom, follower: Follower, member: Member, sent: bytes) -> None:
    hall.hub.submit(
        live, Submission(member, Update(sent), hall.clock.monotonic(), subscriber=follower)
    )


def known(live: LiveRoom) -> int:
    """Return how much of the long update the document has."""
    return live.room.document.state_vector().get(9, 0)


async def settle(hall: Inside, live: LiveRoom) -> None:
    """Send another user's edits until no request waits. Each of them must be answered."""
    while live.is_busy:
        assert isinstance(await hall.set("/n", live.room.version), Answer)


async def test_others_are_answered_between_the_slices_of_a_long_update(hall: Inside) -> None:
    async with hall.hub.using(PAGE) as live:
        follower = Follower(live)
        member = writer(hall, "ada", 0)
        send(hall, live, follower, member, CHAIN)
        await settle(hall, live)
        before = live.room.version
        send(hall, live, follower, member, LONG)
        assert isinstance(await hall.set("/n", "meanwhile"), Answer)
        assert 0 < known(live) < LENGTH
        await settle(hall, live)
        assert known(live) == LENGTH
        assert live.room.version > before + 2
        assert (follower.version, follower.closed) == (live.room.version, [])


@pytest.mark.parametrize("clashes", [0, 3])
async def test_a_requeued_long_update_is_checked_and_charged_once(
    monkeypatch: pytest.MonkeyPatch, clashes: int
) -> None:
    monkeypatch.setattr(slices, "STEPS", 1)
    store = ClashingStore()
    async with inside(store) as hall, hall.hub.using(PAGE) as live:
        await hall.make({"n": 0})
        hall.clock.per_reading = READING
        follower = Follower(live)
        member = writer(hall, "ada", 0)
        send(hall, live, follower, member, CHAIN)
        await settle(hall, live)
        member.budget = bill = Bill(hall.clock.seconds)
        store.clashes = clashes
        send(hall, live, follower, member, LONG)
        while live.is_busy:
            await asyncio.sleep(0)
        assert known(live) == LENGTH
        # Each slice reads the clock at its start and its end, for the opening time and its own.
        assert bill.seconds == [0.12] * (LENGTH - 1) + [0.06]  # the last slice is short


async def test_a_client_without_budget_for_a_long_update_is_closed_and_may_reconnect(
    hall: Inside,
) -> None:
    """The applied slices stay, and the client sends the rest again."""
    async with hall.hub.using(PAGE) as live:
        follower = Follower(live)
        member = writer(hall, "ada", 100)
        send(hall, live, follower, member, CHAIN)
        await settle(hall, live)
        for _ in range(20):
            if known(live) == LENGTH:
                break
            again = Follower(live)
            send(hall, live, again, member, LONG)
            send(hall, live, again, member, LONG)
            await settle(hall, live)
            assert again.closed in ([], [4529])
            follower.closed += again.closed
            hall.clock.advance(60.0)
        assert known(live) == LENGTH
        assert follower.closed
