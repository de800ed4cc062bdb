"""Random requests, faults and held calls: the states follow the table, and no edit is lost.

An event that the table does not allow raises. Then the live room ends, and the test fails.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from collab.ids import Json
from collab.patch.apply import replay
from collab.room.requests import LockRequest, PatchRequest
from server.documents.live_room import LiveRoom
from server.documents.room_state import Event, LiveState
from tests.faults.inside import PAGE
from tests.seeds import seeds
from tests.server.scene import Scene, scene
from tests.server.turns import wait_in_turns

CALLS = ("commit", "load", "ping", "find_commit", "save_locks", "position", "entries")
STEPS = 60


@pytest.fixture(autouse=True)
def _nothing_waits_for_time(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_in_turns(monkeypatch)


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch) -> set[LiveState]:
    """The states that a test has reached."""
    found, move = set[LiveState](), LiveRoom.move

    def noted(live: LiveRoom, event: Event) -> None:
        move(live, event)
        found.add(live.state)

    monkeypatch.setattr(LiveRoom, "move", noted)
    return found


class Run:
    """One run: its clients edit, and its store is held and fails."""

    def __init__(self, it: Scene, choose: random.Random) -> None:
        self.it, self.choose, self.count = it, choose, 0

    def edit(self) -> None:
        self.count += 1
        by = self.choose.choice((self.it.ada, self.it.bo, self.it.cy))
        base = self.choose.choice((None, None, 1))
        by.set(
            self.it.hub,
            f"{by.session}-{self.count}",
            f"/{self.choose.choice('abc')}",
            self.count,
            base,
        )

    def edit_long(self) -> None:
        """Send a patch that a worker thread applies."""
        self.count += 1
        ops = [{"op": "add", "path": f"/{number}", "value": self.count} for number in range(30)]
        self.it.bo.send(self.it.hub, PatchRequest(f"long-{self.count}", None, ops))

    def lock(self) -> None:
        self.count += 1
        request = LockRequest(f"lock-{self.count}", "acquire", "/list")
        self.it.ada.send(self.it.hub, request)

    async def edit_elsewhere(self) -> None:
        self.count += 1
        await self.it.elsewhere.set("/elsewhere", self.count, id=f"else-{self.count}")

    def drop_history(self) -> None:
        """Let the tail forget its oldest entries, so that an old base must be loaded."""
        self.it.live.room.tail._max_entries = 1

    def hold(self) -> None:
        self.it.calls.hold(self.choose.choice(CALLS), after=self.choose.random() < 0.3)

    def release(self) -> None:
        self.it.calls.release(self.choose.choice(CALLS))

    def fail_next(self) -> None:
        self.it.calls.fail_next(self.choose.choice(CALLS), after=self.choose.random() < 0.3)

    def reopen(self) -> None:
        self.it.hub.request_reopen(self.it.live)

    def stop(self) -> None:
        """Stop the document, as recovery does while the database takes no edits."""
        self.it.here.commits._reopening.stop(self.it.live)
        self.it.here.commits._reopening.trouble.set()

    async def step(self) -> None:
        acts = (self.edit, self.edit, self.edit, self.edit_long, self.lock, self.drop_history)
        faults = (self.hold, self.release, self.release, self.fail_next, self.reopen, self.stop)
        if self.choose.random() < 0.05:
            await self.edit_elsewhere()
        else:
            self.choose.choice((*acts, *faults))()
        for _ in range(self.choose.randrange(6)):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Let everything end, until the document takes edits again."""
        for name in CALLS:
            self.it.calls.release(name)
            self.it.calls._faults[name].clear()
        self.it.here.commits._reopening.trouble.set()
        await self.it.settled()
        self.edit()  # the room may be behind the other instance until its next edit
        await self.it.settled()

    async def check(self) -> None:
        """Check that each request has one answer, and that the log has each accepted edit."""
        it = self.it
        assert it.live.state is LiveState.OPEN
        assert not [event for event in it.journal if event[1] == "closed"]
        answers = Counter(event[1] for event in it.journal if "-" in event[1])
        assert set(answers.values()) <= {1}, answers
        entries = await it.store.entries(PAGE, 1, 2**53, 10_000)
        in_log = {entry.id: entry.version for entry in entries}
        accepted = {id: at for _, id, at in self.answered() if isinstance(at, int)}
        edits = {id: at for id, at in accepted.items() if not id.startswith("lock")}
        assert edits.items() <= in_log.items()
        value: Json = {"list": ["a"], "n": 0}
        for entry in entries:
            value = replay(value, entry.ops)
        assert it.value == value

    def answered(self) -> list[tuple[str, str, int | str]]:
        return [(one[0], one[1], one[2]) for one in self.it.journal if "-" in one[1]]


async def run(seed: int) -> None:
    async with scene() as it:
        made = Run(it, random.Random(seed))
        for _ in range(STEPS):
            await made.step()
        await made.end()
        await made.check()


@pytest.mark.parametrize("seed", seeds(3, 10))
async def test_a_document_is_open_again_after_random_faults(seed: int) -> None:
    await run(seed)


@pytest.mark.thorough
async def test_random_faults_lead_through_every_state(visited: set[LiveState]) -> None:
    for seed in range(100, 160):
        await run(seed)
    assert visited >= {*LiveState} - {LiveState.HELD, LiveState.CLOSED}
