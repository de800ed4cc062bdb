"""Two instances contend for a document, at random: each request has one answer, and none is lost.

The clients are connections, and some users have two. Bursts, long requests, refused requests and
resent ids come together. Transactions are repeated or lost while their batch is applied, or begin
after their error. The checks use the log and the journal of the clients. They use no code of the
commit loop.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import pytest

from collab.entry import Author, Entry
from collab.ids import DocKey, Json
from collab.messages import LockAction
from collab.patch.apply import replay
from collab.ports.positions import Newer, Position
from collab.ports.store import Append, Compute, Outcome, StorageUnavailable, Store
from collab.room.requests import LockRequest, PatchRequest
from server.documents.live_room import LiveRoom
from server.documents.room_state import LiveState
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside
from tests.held_store import held, until
from tests.seeds import seeds
from tests.server.instances.network import Network, instances, poll
from tests.server.listener import Event, Listener
from tests.server.turns import wait_in_turns

CALLS = (
    "commit",
    "commit_locked",
    "newer",
    "load",
    "find_accepted",
    "position",
    "find_commit",
    "save_locks",
    "ping",
)
VALUE: dict[str, Any] = {"list": ["a"], "n": 0}


@pytest.fixture(autouse=True)
def _nothing_waits_for_time(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_in_turns(monkeypatch, 3)


class Day:
    """One run: the clients of two instances, and what each has sent."""

    def __init__(self, every: list[Inside], lives: list[LiveRoom], choose: random.Random) -> None:
        self.every, self.lives, self.choose = every, lives, choose
        self.journal: list[Event] = []
        self.clients: list[tuple[Inside, Listener]] = []
        self.sent: dict[str, list[str]] = {}  # ids by session, in order
        self.requests: dict[tuple[str, str], PatchRequest] = {}  # by user and id
        self.bad: set[str] = set()
        self.count = 0
        for number, user in enumerate(("ada", "ada", "bo", "ada", "bo", "cy")):
            here = number // 3
            session = f"{user}{number}"
            client = Listener(lives[here], session, self.journal)
            client.member.author = Author(user, user.title(), "tab", session)
            self.clients.append((every[here], client))
            self.sent[session] = []

    # --- what clients do ----------------------------------------------------------------------

    def _send(self, name: str, ops: list[Any], *, is_bad: bool = False) -> None:
        at, client = self.choose.choice(self.clients)
        self.count += 1
        request = PatchRequest(f"{name}-{self.count}", None, ops)
        self.requests[client.member.author.user, request.id] = request
        if is_bad:
            self.bad.add(request.id)
        self._submit(at, client, request)

    def _submit(self, at: Inside, client: Listener, request: PatchRequest | LockRequest) -> None:
        self.sent[client.session].append(request.id)
        client.send(at.hub, request)

    def edit(self) -> None:
        path = f"/{self.choose.choice('abcdef')}"
        self._send("edit", [{"op": "add", "path": path, "value": self.count}])

    def edit_much(self) -> None:
        for _ in range(30):
            self.edit()

    def edit_long(self) -> None:
        """Send a patch that a worker thread applies."""
        ops = [{"op": "add", "path": f"/{number}", "value": self.count} for number in range(30)]
        self._send("long", ops)

    def edit_badly(self) -> None:
        self._send("bad", [{"op": "add", "path": "/none/below", "value": 1}], is_bad=True)

    def send_again(self) -> None:
        """Send an accepted, refused or waiting request again, over any connection of its user."""
        if not self.requests:
            return
        (user, _), request = self.choose.choice(list(self.requests.items()))
        mine = [one for one in self.clients if one[1].member.author.user == user]
        self._submit(*self.choose.choice(mine), request)

    def lock(self) -> None:
        self.count += 1
        action: LockAction = self.choose.choice(("acquire", "release"))
        at, client = self.choose.choice(self.clients)
        self._submit(at, client, LockRequest(f"lock-{self.count}", action, "/list"))

    # --- what else happens --------------------------------------------------------------------

    def contend(self) -> None:
        self.choose.choice(self.lives).contended_until = self.choose.choice((inf, inf, 0.0))

    def slow_down(self) -> None:
        self.choose.choice(self.lives)._slow_until = self.choose.choice((inf, 0.0))

    def stop(self) -> None:
        """Stop the document at an instance, as recovery does while the database takes no edits."""
        number = self.choose.randrange(len(self.every))
        reopening = self.every[number].commits._reopening
        reopening.stop(self.lives[number])
        reopening.trouble.set()

    def reload(self) -> None:
        number = self.choose.randrange(len(self.every))
        self.every[number].hub.request_reopen(self.lives[number])


class Faults:
    """Orders to the store, and transactions under the row's lock.

    These are repeated, lost, or begin after their caller has an error.
    """

    def __init__(self, memory: Store, choose: random.Random) -> None:
        self.store, self.calls = held(memory)
        self.choose = choose
        self.are_over = False
        self.late: list[asyncio.Task[Append | None]] = []
        self._memory, self._commit_locked = memory, self.store.commit_locked
        self.store.commit_locked = self._run  # type: ignore[method-assign] # for the test

    def hold(self) -> None:
        self.calls.hold(self.choose.choice(CALLS), after=self.choose.random() < 0.3)

    def release(self) -> None:
        self.calls.release(self.choose.choice(CALLS))

    def fail(self) -> None:
        self.calls.fail_next(self.choose.choice(CALLS), after=self.choose.random() < 0.3)

    def end(self) -> None:
        self.are_over = True
        for name in CALLS:
            self.calls.release(name)
            self.calls._faults[name].clear()

    async def _run(self, key: DocKey, since: Position, compute: Compute) -> Outcome | None:
        kinds = ("", "", "", "repeated", "lost", "late")
        kind = "" if self.are_over else self.choose.choice(kinds)
        if kind == "late":
            self.late.append(asyncio.create_task(self._begin_late(key, since, compute)))
            raise StorageUnavailable("the row was not free in time")
        if kind:
            newer = await self.store.newer(key, since)
            computing = asyncio.create_task(_compute(compute, newer))
            for _ in range(self.choose.randrange(8)):
                await asyncio.sleep(0)
            if kind == "lost":
                computing.cancel()
                await asyncio.wait([computing])
                raise StorageUnavailable("the connection is lost")
            await computing
            for _ in range(self.choose.randrange(8)):
                await asyncio.sleep(0)
        return await self._commit_locked(key, since, compute)

    async def _begin_late(self, key: DocKey, since: Position, compute: Compute) -> Append | None:
        for _ in range(self.choose.randrange(30)):
            await asyncio.sleep(0)
        return await compute(await self._memory.newer(key, since))


async def _compute(compute: Compute, newer: Newer | None) -> Append | None:
    return await compute(newer)


@asynccontextmanager
async def day(seed: int) -> AsyncIterator[tuple[Day, Faults, Network, MemoryStore]]:
    choose, memory = random.Random(seed), MemoryStore(lambda: 1_700_000_000_000)
    network = Network(seed, loses=choose.choice((0.0, 0.3)))
    faults = Faults(memory, choose)
    faults.are_over = True
    async with instances(faults.store, network) as every:
        await every[0].make(VALUE)
        lives = [await one.hub.open(PAGE) for one in every]
        faults.are_over = False
        yield Day(every, lives, choose), faults, network, memory


async def run(seed: int, steps: int) -> None:
    async with day(seed) as (it, faults, network, store):
        edits = (it.edit, it.edit, it.edit_much, it.edit_long, it.edit_badly, it.send_again)
        others = (it.lock, it.contend, it.contend, it.slow_down, it.stop, it.reload)
        orders = (faults.hold, faults.release, faults.release, faults.release, faults.fail)
        for _ in range(steps):
            it.choose.choice((*edits, *edits, *others, *orders))()
            if it.choose.random() < 0.1:
                network.cut ^= {it.choose.choice(network._wires)}
            if it.choose.random() < 0.2:
                network.deliver_late()
            for _ in range(it.choose.randrange(8)):
                await asyncio.sleep(0)
        faults.end()
        network.cut.clear()
        network.deliver_late()
        for one in it.every:
            one.commits._reopening.trouble.set()
        assert not any(await asyncio.gather(*faults.late)), "a late transaction writes"
        await until(lambda: all(map(_is_calm, it.lives)), turns=20_000)
        await poll(it.every)
        await until(lambda: it.lives[0].position == it.lives[1].position, turns=20_000)
        await check(it, store)


def _is_calm(live: LiveRoom) -> bool:
    return live.state is LiveState.OPEN and not live.is_busy


async def check(it: Day, store: MemoryStore) -> None:
    assert not [event for event in it.journal if event[1] == "closed"]
    answers = [event for event in it.journal if "-" in str(event[1])]
    for session, sent in it.sent.items():
        got = Counter(event[1] for event in answers if event[0] == session)
        assert got == Counter(sent), f"{session} has other answers than requests"
    log = await store.entries(PAGE, 1, 2**53, 100_000)
    assert [entry.version for entry in log] == list(range(2, len(log) + 2))
    written = {(entry.author.user, entry.id): entry.version for entry in log}
    assert len(written) == len(log), "an edit is in the log twice"
    users = {client.session: client.member.author.user for _, client in it.clients}
    for session, request_id, said in answers:
        if isinstance(said, int) and not request_id.startswith("lock"):
            assert written[users[session], request_id] == said
    assert not it.bad & {request_id for _, request_id in written}
    _check_order(it, log)
    _check_news(it, len(log) + 1)
    value: Json = VALUE
    for entry in log:
        value = replay(value, entry.ops)
    for live in it.lives:
        assert live.room.value == value
        assert live.room.document.read() == value
        assert not live.queue


def _check_order(it: Day, log: list[Entry]) -> None:
    """Check that the accepted edits of a connection are in the order in which it sent them."""
    times = Counter(id for sent in it.sent.values() for id in sent)
    for session, sent in it.sent.items():
        once = [one for one in sent if times[one] == 1]
        own = [one.id for one in log if one.author.session == session and times[one.id] == 1]
        assert own == [one for one in once if one in set(own)]


def _check_news(it: Day, head: int) -> None:
    """Check that each client has got each version once and in order."""
    for session in it.sent:
        at = 1
        for event in it.journal:
            if event[0] != session:
                continue
            if event[1] == "news":
                assert list(event[2:]) == list(range(at + 1, at + len(event) - 1))
                at = event[-1]
            elif event[1] == "jump":
                assert event[2] == at
                at = event[3]
        assert at == head


@pytest.mark.parametrize("seed", seeds(2, 60))
async def test_contended_edits_have_one_answer_and_are_in_the_log_once(seed: int) -> None:
    await run(seed, 80)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_000, 1_600))
async def test_contended_edits_are_in_the_log_once_over_very_many_seeds(seed: int) -> None:
    await run(seed, 250)
