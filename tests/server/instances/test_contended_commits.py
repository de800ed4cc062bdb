"""Contended documents: several instances write to them, and each edit is committed in time."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial

import pytest

from collab.entry import Entry
from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.ports.positions import Newer, Position
from collab.ports.store import Append, Compute, Outcome, StorageUnavailable
from collab.room.requests import Answer, LockRequest, PatchRequest, Round
from server.broadcast.close_reasons import DELETED
from server.broadcast.subscriber import Submission
from server.commits import contended_commits
from server.documents.catching_up import follow
from server.documents.live_room import LiveRoom
from server.documents.long_work import TimedAnswer
from server.documents.room_state import LiveState
from tests.faults.inside import PAGE, Follower
from tests.held_store import until
from tests.patience import PATIENCE
from tests.server.instances.network import poll
from tests.server.instances.world import World, put, value_at, write


async def _contend(world: World, base: int | None = None) -> asyncio.Task[Answer | Rejected]:
    """Make a write at the second instance clash twice. Its third try is still held."""
    world.network.cut |= set(world.network._wires)
    late = asyncio.create_task(write(world.two, "/late", True, base))
    world.calls.hold("commit")
    world.calls.hold("commit_locked")
    for number in range(2):
        await world.calls.reached("commit")
        rival = asyncio.create_task(write(world.one, "/n", number + 1))
        await until(lambda: len(world.calls.held("commit")) == 2)
        [mine, other] = world.calls.held("commit")
        other.release()
        assert isinstance(await rival, Answer)
        mine.release()
    world.calls.release("commit")
    await world.calls.reached("commit_locked")
    return late


async def test_a_contended_document_is_committed_under_its_lock(world: World) -> None:
    """After two clashes in a row the row is locked first, so the third try cannot clash."""
    late = await _contend(world)
    world.calls.release("commit_locked")
    assert isinstance(await late, Answer)
    assert len(world.calls.of("commit_locked")) == 1
    await poll([world.one, world.two])
    await until(world.is_level)


async def test_a_locked_commit_follows_what_came_while_it_waited(world: World) -> None:
    late = await _contend(world)
    follower = Follower(world.live_2)
    for number in range(5):
        assert isinstance(await write(world.one, "/n", 10 + number), Answer)
    world.calls.release("commit_locked")
    answer = await late
    assert isinstance(answer, Answer)
    assert answer.version == 9
    assert follower.version == 9
    assert (await value_at(world.two))["n"] == 14


@pytest.mark.parametrize("ends", [False, True])
async def test_other_documents_have_turns_while_a_locked_commit_follows(
    world: World, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    late = await _contend(world)
    for number in range(4):
        assert isinstance(await write(world.one, f"/large{number}", "x" * 20_000), Answer)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while not late.done():
            turns += 1
            if ends and len(followed) == 2 and world.live_2.state is not LiveState.CLOSED:
                world.two.hub.end_room(world.live_2, DELETED)
            await asyncio.sleep(0)

    followed: list[int] = []

    def noted(live: LiveRoom, portion: Sequence[Entry], now: float) -> bool:
        followed.append(turns)
        return follow(live, portion, now)

    monkeypatch.setattr(contended_commits, "follow", noted)
    counting = asyncio.create_task(count_turns())
    world.calls.release("commit_locked")
    assert isinstance(await late, Rejected if ends else Answer)
    await counting
    assert len(set(followed)) == len(followed) == (2 if ends else 4)


async def test_a_patch_whose_base_grows_old_is_still_committed_under_the_lock(
    world: World,
) -> None:
    """A worker thread rebases it. Without the lock, others would be first again and again."""
    late = await _contend(world, base=1)
    for number in range(60):
        assert isinstance(await write(world.one, "/n", 10 + number), Answer)
    tries = len(world.calls.of("commit"))
    world.calls.release("commit_locked")
    assert isinstance(await late, Answer)
    assert len(world.calls.of("commit_locked")) == 1
    assert len(world.calls.of("commit")) == tries


async def test_a_locked_commit_of_an_accepted_request_answers_as_before(world: World) -> None:
    """The answer has no entry, so the store is asked before it is sent."""
    await world.one.ask(PatchRequest("same", None, [put("/x", 1)]))
    late = await _contend(world)
    again = asyncio.create_task(world.two.ask(PatchRequest("same", None, [put("/x", 1)])))
    await until(lambda: len(world.live_2.queue) == 2)
    world.calls.release("commit_locked")
    assert isinstance(await late, Answer)
    assert (await again).ack["duplicate"] is True
    assert (await value_at(world.two))["late"] is True


async def test_answers_without_an_entry_are_compared_under_the_lock(world: World) -> None:
    """Without the lock, others would be first again, and the whole batch would wait."""
    late = await _contend(world)
    refused = asyncio.create_task(write(world.two, "/none/below", 1, id="refused"))
    await until(lambda: len(world.live_2.queue) == 2)
    world.calls.hold("find_accepted")
    world.calls.release("commit_locked")
    await world.calls.reached("find_accepted")
    rival = asyncio.create_task(write(world.one, "/n", 9))
    await until(lambda: world.live_1.state is LiveState.HELD)
    world.calls.release("find_accepted")
    answer = await late
    assert isinstance(answer, Answer)
    assert answer.version == 4  # before the rival's
    assert isinstance(await refused, Rejected)
    assert len(world.calls.of("commit_locked")) == 1
    assert isinstance(await rival, Answer)


async def test_a_batch_that_only_refuses_is_answered_without_a_commit(world: World) -> None:
    world.live_2.contended_until = math.inf
    tries = len(world.calls.of("commit"))
    assert isinstance(await write(world.two, "/none/below", 1, id="refused"), Rejected)
    assert world.live_2.state is LiveState.OPEN
    assert isinstance(await write(world.two, "/n", 1), Answer)
    assert len(world.calls.of("commit_locked")) == 2
    assert len(world.calls.of("commit")) == tries


async def test_a_locked_commit_that_fails_refuses_its_batch(world: World) -> None:
    late = await _contend(world)
    follower = Follower(world.live_2)
    world.calls.fail("commit_locked", error=RuntimeError("a bug"))
    world.calls.release("commit_locked")
    assert isinstance(await late, Rejected)
    assert follower.closed == [1011]
    world.calls.mend()
    assert isinstance(await write(world.two, "/late", True), Answer)


async def test_a_document_that_is_deleted_while_its_row_is_awaited(world: World) -> None:
    late = await _contend(world)
    await world.one.hub.delete(world.live_1)
    world.calls.release("commit_locked")
    assert isinstance(await late, Rejected)
    assert (await world.two.read())[0] == 0 or not world.two.hub.lives


class SlowWork:
    """Makes a worker thread apply the requests of a live room. The test says when it goes on."""

    def __init__(self, live: LiveRoom) -> None:
        self._live = live
        self._apply = live._apply_timed
        self.has_begun, self.may_end = threading.Event(), threading.Event()
        self.fails = False
        self.is_over = False  # the time of the thread is over after the next request

    def begin(self) -> None:
        self._live._slow_until = math.inf
        self._live._apply_timed = self._slowly  # type: ignore[method-assign] # for the test

    def _slowly(self, submission: Submission, now: Round) -> TimedAnswer:
        self.has_begun.set()
        assert self.may_end.wait(PATIENCE)
        if self.fails:
            return TimedAnswer(RuntimeError("a bug"), 0.0, 0.0)
        timed = self._apply(submission, now)
        return timed._replace(ended=math.inf) if self.is_over else timed


@pytest.fixture
async def slow(world: World) -> AsyncIterator[SlowWork]:
    work = SlowWork(world.live_2)
    yield work
    work.may_end.set()


async def _begun(slow: SlowWork, world: World) -> asyncio.Task[Answer | Rejected]:
    """Contend. The late write has the lock, and a worker thread applies it."""
    late = await _contend(world)
    slow.begin()
    world.calls.release("commit_locked")
    await until(slow.has_begun.is_set)
    return late


async def test_a_slow_request_is_applied_under_the_lock(world: World, slow: SlowWork) -> None:
    """Others wait meanwhile, and are committed afterwards."""
    late = await _begun(slow, world)
    rival = asyncio.create_task(write(world.one, "/n", 9))
    await until(lambda: world.live_1.state is LiveState.HELD)
    slow.may_end.set()
    answer = await late
    assert isinstance(answer, Answer)
    assert answer.version == 4
    assert isinstance(await rival, Answer)
    assert len(world.calls.of("commit_locked")) == 1
    await poll([world.one, world.two])
    await until(world.is_level)
    value = await value_at(world.one)
    assert (value["late"], value["n"]) == (True, 9)


async def test_a_bug_in_a_slow_request_fails_only_this_request(
    world: World, slow: SlowWork
) -> None:
    late = await _begun(slow, world)
    slow.fails = True
    slow.may_end.set()
    with pytest.raises(RuntimeError):
        await late
    slow.fails = False
    assert isinstance(await write(world.two, "/late", True), Answer)
    assert (await value_at(world.one))["late"] is True


async def test_a_transaction_may_end_before_a_slow_request(world: World, slow: SlowWork) -> None:
    """The batch is refused when the worker thread has ended: until then it uses the room."""
    store = world.two.hub.store

    async def lose_connection(key: DocKey, since: Position, compute: Compute) -> None:
        computing = asyncio.create_task(_run(compute, await store.newer(key, since)))
        await until(slow.has_begun.is_set)
        computing.cancel()
        raise StorageUnavailable("the connection is lost")

    lost = partial(world.calls.run, "commit_locked", lose_connection)
    store.commit_locked = lost  # type: ignore[method-assign] # for the test
    late = await _begun(slow, world)
    await asyncio.sleep(0)
    assert world.live_2.state is LiveState.COMMITTING
    slow.may_end.set()
    answer = await late
    assert isinstance(answer, Rejected)
    assert answer.refusal.code is Code.STORAGE_UNAVAILABLE
    assert "late" not in await value_at(world.one)


async def test_a_document_that_ends_during_a_slow_request(world: World, slow: SlowWork) -> None:
    late = await _begun(slow, world)
    follower = Follower(world.live_2)
    deleting = asyncio.create_task(world.two.hub.delete(world.live_2))
    await until(lambda: bool(follower.closed))
    slow.may_end.set()
    assert isinstance(await late, Rejected)
    await deleting
    assert await value_at(world.one) == {}


async def test_requests_that_a_thread_puts_back_are_refused_with_the_document(
    world: World, slow: SlowWork
) -> None:
    """The thread has taken both requests, and its time is over after the first one."""
    store = world.two.hub.store

    async def lose_connection(key: DocKey, since: Position, compute: Compute) -> None:
        computing = asyncio.create_task(_run(compute, await store.newer(key, since)))
        await until(slow.has_begun.is_set)
        world.two.commits._reopening.stop(world.live_2)
        computing.cancel()
        raise StorageUnavailable("the connection is lost")

    lost = partial(world.calls.run, "commit_locked", lose_connection)
    store.commit_locked = lost  # type: ignore[method-assign] # for the test
    late = await _contend(world)
    second = asyncio.create_task(write(world.two, "/second", True))
    await until(lambda: len(world.live_2.queue) == 2)
    world.calls.fail("ping")
    slow.begin()
    slow.is_over = True
    world.calls.release("commit_locked")
    await until(slow.has_begun.is_set)
    slow.may_end.set()
    await until(lambda: late.done() and second.done())
    for answer in (await late, await second):
        assert isinstance(answer, Rejected)
        assert answer.refusal.code is Code.STORAGE_UNAVAILABLE
    assert world.live_2.is_read_only


@pytest.mark.parametrize("is_lock", [False, True], ids=["edits", "lock requests"])
async def test_a_transaction_that_begins_too_late_takes_no_request(
    world: World, is_lock: bool
) -> None:
    """The store has answered with an error, and gets the row only during the next transaction."""
    store, late = world.two.hub.store, []
    commit_locked = store.commit_locked

    async def fail(key: DocKey, since: Position, compute: Compute) -> None:
        store.commit_locked = commit_locked  # type: ignore[method-assign] # for the test
        late.append(compute)
        raise StorageUnavailable("the row was not free in time")

    async def ask(number: int) -> Answer | Rejected:
        if not is_lock:
            return await write(world.two, f"/late{number}", True)
        try:
            return await world.two.ask(LockRequest(str(number), "acquire", f"/sections/{number}"))
        except Rejected as rejected:
            return rejected

    store.commit_locked = fail  # type: ignore[method-assign] # for the test
    world.live_2.contended_until = math.inf
    assert isinstance(await ask(1), Rejected)
    await until(lambda: world.live_2.state is LiveState.OPEN)
    world.calls.hold("commit_locked")
    asking = asyncio.create_task(ask(0))
    await world.calls.reached("commit_locked")
    [compute] = late
    assert await compute(await store.newer(PAGE, world.live_2.position)) is None
    assert len(world.live_2.queue) == 1
    world.calls.release("commit_locked")
    assert isinstance(await asking, Answer)


def _repeat_once(world: World, between: Callable[[], Awaitable[object]]) -> None:
    """Let the store repeat the next transaction, because a whole table was locked."""
    store = world.two.hub.store
    commit_locked = store.commit_locked

    async def repeat(key: DocKey, since: Position, compute: Compute) -> Outcome | None:
        store.commit_locked = commit_locked  # type: ignore[method-assign] # for the test
        assert await compute(await store.newer(key, since)) is not None
        await between()
        append = await compute(await store.newer(key, since))
        return None if append is None else (await store.commit([append]))[0]

    store.commit_locked = repeat  # type: ignore[method-assign] # for the test
    world.live_2.contended_until = math.inf


async def test_a_repeated_transaction_applies_its_batch_again(world: World) -> None:
    """Another instance changes the document before the transaction is repeated."""
    follower = Follower(world.live_2)
    _repeat_once(world, lambda: world.two.hub.store.set_schema(PAGE, b"", 0))
    answer = await write(world.two, "/late", True)
    assert isinstance(answer, Answer)
    assert (answer.version, follower.version, follower.closed) == (2, 2, [])
    assert (await value_at(world.one))["late"] is True


async def test_a_batch_is_not_committed_when_its_transaction_is_repeated_too_late(
    world: World,
) -> None:
    """The document has become read-only meanwhile, so the repeated transaction writes nothing."""

    async def stop() -> None:
        world.calls.fail("ping")
        world.two.commits._reopening.stop(world.live_2)

    _repeat_once(world, stop)
    assert isinstance(await write(world.two, "/late", True), Rejected)
    assert "late" not in await value_at(world.one)


async def test_a_document_that_does_not_exist_has_no_row_to_lock(world: World) -> None:
    key = DocKey("demo", "new")
    async with world.two.hub.using(key) as live:
        live.contended_until = math.inf
        making = asyncio.create_task(world.two.make({"n": 1}, key))
        await until(making.done)
        assert live.room.exists
    assert world.calls.of("commit_locked") == []


@pytest.mark.parametrize("loses", [False, True], ids=["each message comes", "every second is lost"])
async def test_edits_do_not_wait_for_a_rival_that_never_rests(world: World, loses: bool) -> None:
    """A message is lost. Then the rival commits while each answer of the database is on its way."""
    world.live_2.remote.doubt()
    world.calls.hold("newer", after=True)
    late = asyncio.create_task(write(world.two, "/late", True))
    for number in range(20):
        await until(lambda: late.done() or bool(world.calls.held("newer")))
        for is_lost in (loses, False):
            world.network.loses = float(is_lost)
            assert isinstance(await write(world.one, "/n", [number, is_lost]), Answer)
        for query in world.calls.held("newer"):
            query.release()
        await until(lambda: not world.calls.held("newer"))
    assert late.done()
    assert isinstance(await late, Answer)


@pytest.mark.parametrize("loses", [False, True], ids=["each message comes", "no message comes"])
async def test_lock_requests_do_not_wait_for_a_rival_that_never_rests(
    world: World, loses: bool
) -> None:
    """The rival commits between each decision and its write. Edits behind the request wait too."""
    world.network.loses = float(loses)
    steps = ("newer", "save_locks")
    for step in steps:
        world.calls.hold(step, after=step == "newer")
    world.live_2.remote.doubt()
    lock = asyncio.create_task(world.two.ask(LockRequest("l", "acquire", "/sections/0")))
    late = asyncio.create_task(write(world.two, "/late", True))
    for number in range(20):
        await until(lambda: lock.done() or any(map(world.calls.held, steps)))
        rival = asyncio.create_task(write(world.one, "/n", 100 + number))
        await until(lambda: lock.done() or rival.done())  # noqa: B023 - this task
        if lock.done():
            break
        for call in [call for step in steps for call in world.calls.held(step)]:
            call.release()
        await until(lambda: not any(map(world.calls.held, steps)))
    assert lock.done()
    for step in steps:
        world.calls.release(step)
    assert isinstance(await rival, Answer)
    assert (await lock).ack["lock"].scope == "/sections/0"
    assert isinstance(await late, Answer)
    await poll([world.one])
    await until(lambda: len(world.live_1.room.locks().held) == 1)


async def test_a_refused_lock_request_of_a_contended_document_is_answered(world: World) -> None:
    world.live_2.contended_until = math.inf
    with pytest.raises(Rejected) as raised:
        await world.two.ask(LockRequest("l", "acquire", "/none"))
    assert raised.value.refusal.code is Code.PATH_NOT_FOUND
    held = await world.two.ask(LockRequest("m", "acquire", "/sections/0"))
    again = await world.two.ask(LockRequest("n", "release", lock_id=held.ack["lock"].id))
    assert again.ack["lock"].holder is None
    assert world.calls.of("save_locks") == []
    assert world.live_2.room.locks().held == ()


async def test_expired_locks_of_a_contended_document_end_before_the_next_commit(
    world: World,
) -> None:
    """A rival may commit after each commit. Then the document follows, and ends no lock."""
    world.live_2.contended_until = math.inf
    world.live_2.lock_announcer.is_due = True
    made = len(world.calls.made)
    assert isinstance(await write(world.two, "/late", True), Answer)
    steps = [call.name for call in world.calls.made[made:]]
    assert steps.index("now") < steps.index("commit_locked")


async def test_a_lock_request_is_decided_again_when_its_transaction_is_repeated(
    world: World,
) -> None:
    _repeat_once(world, lambda: world.two.hub.store.set_schema(PAGE, b"", 0))
    held = await world.two.ask(LockRequest("l", "acquire", "/sections/0"))
    assert held.ack["lock"].fence == 2
    await poll([world.one])
    await until(lambda: len(world.live_1.room.locks().held) == 1)


async def _run(compute: Compute, newer: Newer | None) -> Append | None:
    return await compute(newer)
