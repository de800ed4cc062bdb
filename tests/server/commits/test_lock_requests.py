"""Lock requests with other writers, a failing database, and a document that is deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from collab.entry import Author
from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.locks.state import Locks
from collab.messages import LockAction
from collab.ports.locks import StoredLock
from collab.ports.store import StorageUnavailable
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create, LockRequest, PatchRequest
from collab.room.working import RoomBounds
from server.broadcast.audience import Audience
from server.broadcast.lock_announcer import LockAnnouncer
from server.broadcast.news import LockNews, News, PresenceNews
from server.broadcast.subscriber import Answered, one_by_one
from server.commits.commit_loop import CommitLoop
from server.documents.hub import Hub
from server.documents.live_room import LiveRoom
from server.documents.snapshots import HubBounds
from server.runtime.clock import SystemClock
from server.runtime.database_clock import DatabaseClock
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock

KEY = DocKey("demo", "page")
HERO = "/sections/0"
PAGE: dict[str, Any] = {"title": "x", "sections": [{"id": "a", "t": "one"}, {"id": "b"}]}
Interruption = Callable[[], Awaitable[None]]


class InterruptedStore(MemoryStore):
    """A store that runs `before_saving` right before it writes a lock's row."""

    before_saving: Interruption | None = None

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self.saved: list[int] = []  # the number of transitions in each write

    async def save_locks(
        self,
        key: DocKey,
        *,
        revision: int,
        put: Sequence[StoredLock],
        drop: Sequence[str],
        head: int = 0,
        steps: int = 1,
    ) -> bool:
        self.saved.append(steps)
        interruption, self.before_saving = self.before_saving, None
        if interruption is not None:
            await interruption()
        return await super().save_locks(
            key, revision=revision, put=put, drop=drop, head=head, steps=steps
        )


class Follower:
    """A subscriber that waits until the document is writable again."""

    fan_out = staticmethod(one_by_one)

    session = "follower"

    def __init__(self) -> None:
        self.writable = asyncio.Event()

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None: ...

    def on_presence(self, news: PresenceNews, now: float) -> None: ...

    def on_locks(self, news: LockNews, now: float) -> None: ...

    def notice(self, payload: bytes) -> None:
        if b'"writable"' in payload:
            self.writable.set()

    def resynchronise(self) -> None: ...

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None: ...


def member(user: str, role: Role = Role.EDITOR) -> Member:
    return Member(Author(user, user.title(), "tab"), Rights(role, 2**53), "http")


@pytest.fixture
def store() -> InterruptedStore:
    return InterruptedStore(lambda: 1_700_000_000_000)


@pytest.fixture
async def hub(store: InterruptedStore) -> AsyncIterator[Hub]:
    hub = Hub(store, ManualClock(), HubBounds(RoomBounds()))
    loop = asyncio.create_task(CommitLoop(hub).run())
    yield hub
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


@pytest.fixture
async def live(hub: Hub) -> AsyncIterator[LiveRoom]:
    async with hub.using(KEY) as live:
        await hub.ask(live, member("ada"), Create(PAGE))
        yield live
    live.lock_announcer.close()


def acquire(scope: str = HERO) -> LockRequest:
    return LockRequest("l", "acquire", scope)


def edit(path: str, value: Any = "x", fence: int | None = None) -> PatchRequest:
    return PatchRequest("", None, [{"op": "replace", "path": path, "value": value}], fence=fence)


def stranger(scope: str) -> StoredLock:
    return StoredLock("l-90", scope, Author("cy", "Cy"), 90, 0, 4 * 10**12, b"", version=1)


async def test_a_lock_is_decided_again_when_another_instance_was_first(
    hub: Hub, live: LiveRoom, store: InterruptedStore
) -> None:
    async def other_instance() -> None:
        assert await store.save_locks(KEY, revision=0, put=[stranger(HERO)], drop=[])

    store.before_saving = other_instance
    with pytest.raises(Rejected) as refused:
        await hub.ask(live, member("ada"), acquire())
    assert refused.value.refusal.code is Code.LOCKED
    assert refused.value.refusal.extra["lock"].id == "l-90"
    done = await hub.ask(live, member("ada"), acquire("/title"))
    assert done.ack["lock"].fence == 2


async def test_a_lock_ended_by_another_instance_refuses_no_request(
    hub: Hub, live: LiveRoom, store: InterruptedStore
) -> None:
    await hub.ask(live, member("ada"), acquire())
    [lock] = (await store.locks(KEY))[1]
    assert await store.save_locks(KEY, revision=1, put=[], drop=[lock.id])
    assert (await hub.ask(live, member("bo"), edit(f"{HERO}/t"))).version == 2
    await hub.ask(live, member("ada"), acquire())
    [lock] = (await store.locks(KEY))[1]
    assert await store.save_locks(KEY, revision=3, put=[], drop=[lock.id])
    assert "secret" in (await hub.ask(live, member("bo"), acquire())).ack


async def test_a_lock_given_by_another_instance_is_found_by_its_id(
    hub: Hub, live: LiveRoom, store: InterruptedStore
) -> None:
    assert await store.save_locks(KEY, revision=0, put=[stranger(HERO)], drop=[])
    claimed = await hub.ask(live, member("ada"), LockRequest("l", "take_over", lock_id="l-90"))
    assert claimed.ack["lock"].claimed_by.user == "ada"


async def test_a_claim_made_at_another_instance_can_be_declined(
    hub: Hub, live: LiveRoom, store: InterruptedStore
) -> None:
    await hub.ask(live, member("ada"), acquire())
    [lock] = (await store.locks(KEY))[1]
    claimed = replace(lock, claimed_by=Author("bo", "Bo"), yields_at=4 * 10**12)
    assert await store.save_locks(KEY, revision=1, put=[claimed], drop=[])
    await hub.ask(live, member("ada"), LockRequest("l", "keep", lock_id=lock.id))
    [kept] = (await store.locks(KEY))[1]
    assert kept.claimed_by is None


async def test_an_unwritten_lock_is_refused_and_the_document_recovers(
    hub: Hub, live: LiveRoom, store: InterruptedStore
) -> None:
    async def fail() -> None:
        raise StorageUnavailable

    follower = Follower()
    live.audience.join(follower)
    store.before_saving = fail
    with pytest.raises(Rejected) as refused:
        await hub.ask(live, member("ada"), acquire())
    assert refused.value.refusal.code is Code.STORAGE_UNAVAILABLE
    async with asyncio.timeout(10):
        await follower.writable.wait()
    assert "secret" in (await hub.ask(live, member("ada"), acquire())).ack
    assert [lock.scope for lock in (await store.locks(KEY))[1]] == [HERO]


async def test_a_document_deleted_during_a_lock_write_has_no_lock(
    hub: Hub, live: LiveRoom, store: InterruptedStore
) -> None:
    store.before_saving = lambda: hub.delete(live)
    with pytest.raises(Rejected) as refused:
        await hub.ask(live, member("ada"), acquire())
    assert refused.value.refusal.code is Code.NOT_FOUND
    assert await store.locks(KEY) == (0, [])


async def test_a_closed_lock_announcer_never_fires(store: InterruptedStore) -> None:
    rung: list[str] = []
    rings = asyncio.Event()
    time = DatabaseClock(store, SystemClock())
    closed = LockAnnouncer(Audience(KEY, SystemClock()), time, lambda: rung.append("closed"))
    closed.close()
    other = LockAnnouncer(Audience(KEY, SystemClock()), time, rings.set)
    for board in (closed, other):  # in the order in which their timers would fire
        board.watch(Locks(held=(replace(stranger(HERO), expires_at=0),)))
    await rings.wait()
    other.close()
    assert rung == []


async def test_the_ack_of_releasing_a_claimed_lock_says_it_ended(hub: Hub, live: LiveRoom) -> None:
    lock = (await hub.ask(live, member("ada"), acquire())).ack["lock"]
    await hub.ask(live, member("bo"), LockRequest("l", "take_over", lock_id=lock.id))
    told = (await hub.ask(live, member("ada"), LockRequest("l", "release", lock_id=lock.id))).ack
    assert (told["lock"].id, told["lock"].holder, told["lock"].reason) == (
        lock.id,
        None,
        "released",
    )
    [heir] = (await hub.store.locks(KEY))[1]
    assert heir.holder.user == "bo"


async def test_a_lock_outside_the_sections_is_not_kept_or_renewed(hub: Hub, live: LiveRoom) -> None:
    rights = Rights(Role.EDITOR, 2**53, sections=(HERO,))
    narrow = Member(Author("na", "Na", "tab"), rights, "http")
    lock = (await hub.ask(live, narrow, acquire())).ack["lock"]
    assert "secret" in (await hub.ask(live, narrow, LockRequest("l", "renew", lock_id=lock.id))).ack
    above = PatchRequest("", None, [{"op": "add", "path": HERO, "value": {}}])
    await hub.ask(live, member("bo"), above)
    actions: tuple[LockAction, ...] = ("renew", "keep")
    for action in actions:
        with pytest.raises(Rejected) as refused:
            await hub.ask(live, narrow, LockRequest("l", action, lock_id=lock.id))
        assert refused.value.refusal.code is Code.FORBIDDEN
    await hub.ask(live, narrow, LockRequest("l", "release", lock_id=lock.id))
    assert (await hub.store.locks(KEY))[1] == []


@pytest.mark.parametrize("scope", [None, "sections"])
async def test_the_form_of_a_request_is_checked_before_the_rights(
    hub: Hub, live: LiveRoom, scope: str | None
) -> None:
    with pytest.raises(Rejected) as refused:
        await hub.ask(live, member("vi", Role.VIEWER), LockRequest("l", "acquire", scope))
    assert refused.value.refusal.code is Code.MALFORMED


async def test_lock_requests_that_wait_together_make_one_write(
    hub: Hub, live: LiveRoom, store: InterruptedStore
) -> None:
    ada, bo = member("ada"), member("bo")
    asked = [
        hub.ask(live, ada, acquire()),
        hub.ask(live, bo, acquire()),
        hub.ask(live, ada, LockRequest("l", "renew", HERO)),
        hub.ask(live, ada, acquire("/title")),
        hub.ask(live, ada, LockRequest("l", "release", HERO)),
        hub.ask(live, bo, acquire()),
    ]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(answers[1], Rejected)
    held = [answer.ack["lock"] for answer in answers if not isinstance(answer, BaseException)]
    assert [lock.id for lock in held] == ["l-1", "l-1", "l-3", "l-1", "l-5"]
    assert store.saved == [5]
    revision, rows = await store.locks(KEY)
    assert (revision, {lock.id: lock.holder.user for lock in rows}) == (
        5,
        {"l-3": "ada", "l-5": "bo"},
    )


async def test_requests_that_wait_together_are_decided_again_together(
    hub: Hub, live: LiveRoom, store: InterruptedStore
) -> None:
    async def other_instance() -> None:
        assert await store.save_locks(KEY, revision=0, put=[stranger(HERO)], drop=[])

    store.before_saving = other_instance
    asked = [hub.ask(live, member("ada"), acquire(scope)) for scope in ("/title", HERO, "")]
    title, *others = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(title, BaseException)
    assert title.ack["lock"].fence == 2
    assert all(isinstance(other, Rejected) for other in others)


async def test_a_failing_lock_request_does_not_fail_other_requests(
    hub: Hub, live: LiveRoom, store: InterruptedStore
) -> None:
    async def fail() -> None:
        raise ArithmeticError("a bug")

    store.before_saving = fail
    asked = [hub.ask(live, member("ada"), acquire(scope)) for scope in ("/title", HERO)]
    failed, held = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(failed, RuntimeError)
    assert not isinstance(held, BaseException)
    assert [lock.scope for lock in (await store.locks(KEY))[1]] == [HERO]


async def test_requests_behind_a_lock_request_keep_their_order(hub: Hub, live: LiveRoom) -> None:
    ada, bo = member("ada"), member("bo")
    asked = [
        hub.ask(live, ada, edit("/title", "one")),
        hub.ask(live, ada, acquire()),
        hub.ask(live, bo, edit(f"{HERO}/t", "bo's")),
        hub.ask(live, ada, LockRequest("l", "release", HERO)),
        hub.ask(live, bo, edit(f"{HERO}/t", "bo's again")),
    ]
    first, held, locked, released, last = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert not isinstance(held, BaseException)
    assert isinstance(locked, Rejected)
    assert not isinstance(released, BaseException)
    assert not isinstance(last, BaseException)
    assert (first.version, held.version, released.version, last.version) == (2, 2, 2, 3)


async def test_fences_continue_in_a_recreated_document(hub: Hub, live: LiveRoom) -> None:
    held = await hub.ask(live, member("ada"), acquire())
    await hub.delete(live)
    async with hub.using(KEY) as again:
        await hub.ask(again, member("bo"), Create(PAGE))
        late = edit(f"{HERO}/t", fence=held.ack["lock"].fence)
        with pytest.raises(Rejected) as refused:
            await hub.ask(again, member("ada"), late)
        assert refused.value.refusal.code is Code.STALE_LOCK
        new = await hub.ask(again, member("ada"), acquire())
        assert new.ack["lock"].fence > held.ack["lock"].fence
        again.lock_announcer.close()
