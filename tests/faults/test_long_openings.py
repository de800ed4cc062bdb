"""While a slow document is opened, the server serves the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collab.entry import Author
from collab.ids import DocKey
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Answer, Update
from collab.yjs import slices
from server.broadcast.subscriber import Submission
from server.loading.crash_quarantine import CRASHES, CrashQuarantine
from storage.store import SqlStore
from tests.collab.yjs.updates import NULL, plain, shared, update
from tests.faults.inside import PAGE, Inside, inside

pytestmark = pytest.mark.thorough

OTHER = DocKey("demo", "other")
LENGTH = 40
CHAIN = update(
    (7, 0, [shared(1, root="l"), *(shared(1, origin=(7, clock)) for clock in range(LENGTH - 1))])
)
LAST = (7, LENGTH - 1)
FORGED = update((9, 0, [plain(NULL, origin=(7, clock), right=LAST) for clock in range(LENGTH - 1)]))


@pytest.fixture
async def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Inside]:
    """A hub where each slice is one slow struct, and each reading of the clock takes 6 ms."""
    monkeypatch.setattr(slices, "STEPS", 1)
    async with inside(SqlStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")) as made:
        await made.make({"n": 0})
        await made.make({"n": 0}, key=OTHER)
        made.clock.per_reading = 0.006
        yield made


async def write(hall: Inside, *updates: bytes) -> bytes:
    """Send these updates as a client. Return the document's state afterwards."""
    member = Member(Author("ada"), Rights(Role.EDITOR, 2**53), "yjs")
    async with hall.hub.using(PAGE) as live:
        for one in updates:
            hall.hub.submit(live, Submission(member, Update(one), hall.clock.monotonic()))
        while live.is_busy:
            await hall.set("/n", live.room.version)
        return live.room.document.update_since(b"\0")


@pytest.mark.parametrize("is_unloaded", [True, False])
async def test_other_documents_are_served_while_a_slow_one_is_opened(
    hall: Inside, is_unloaded: bool
) -> None:
    """The slow document is opened from its snapshot, or from the entries left by a crash."""
    before = await write(hall, CHAIN, FORGED)
    live = hall.hub.lives[PAGE]
    assert live.room.document.opening_seconds > 0.1
    if is_unloaded:
        await hall.hub.unload(live)
    else:
        hall.hub.drop(live)
    opening = asyncio.create_task(hall.hub.open(PAGE))
    answered = 0
    while not opening.done():
        assert isinstance(await hall.set("/n", answered, OTHER), Answer)
        answered += 1
    again = await opening
    assert answered > 5
    assert again.room.document.update_since(b"\0") == before
    hall.hub.release(again)


def test_a_crash_in_any_turn_of_an_opening_is_counted(tmp_path: Path) -> None:
    """The turns that succeeded before the crash do not reset the count."""
    path = tmp_path / "crash_quarantine"
    for _ in range(CRASHES):
        crash_quarantine = CrashQuarantine(path)
        with crash_quarantine.watching(PAGE):
            pass
        died = crash_quarantine.watching(PAGE)
        died.__enter__()
    assert CrashQuarantine(path).is_quarantined(PAGE)
