"""The commit loop after a failed commit: what is refused, recovered or closed."""

from __future__ import annotations

import pytest

from collab.ports.store import Full
from server.commits import recovery
from server.documents.room_state import LiveState
from tests.faults.inside import PAGE
from tests.held_store import until
from tests.server.listener import Listener
from tests.server.scene import OTHER, scene

REFUSED = "storage_unavailable"


@pytest.fixture(autouse=True)
def _recovery_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0.0)


@pytest.mark.parametrize("is_written", [True, False])
async def test_a_commit_with_an_unknown_outcome_is_refused_and_its_retry_happens_once(
    is_written: bool,
) -> None:
    async with scene() as it:
        it.calls.hold("ping")
        it.calls.fail_next("commit", after=is_written)
        it.ada.set(it.hub, "a", "/x", 1)
        it.bo.set(it.hub, "b", "/y", 2)
        await it.stopped()
        names = ("ada", "bo", "cy")
        assert it.events() == [
            ("ada", "a", REFUSED),
            ("bo", "b", REFUSED),
            *((name, "notice", "read_only") for name in names),
        ]
        await it.calls.reached("ping")
        it.calls.release("ping")
        await it.settled()
        news = [(name, "news", 2, 3) for name in names if is_written]
        assert it.events() == [
            *news,
            *((name, "notice", "writable") for name in names),
            *((name, "resynchronise") for name in names),
        ]
        it.ada.set(it.hub, "a", "/x", 1)
        it.bo.set(it.hub, "b", "/y", 2)
        await it.settled()
        assert await it.ids_in_log() == [(2, "a"), (3, "b")]
        assert it.ada.acks["a"] == it.bo.acks["b"] == ({"duplicate": True} if is_written else {})


async def test_recovery_asks_for_the_commit_with_the_unknown_outcome() -> None:
    async with scene() as it:
        it.calls.fail_next("commit", after=True)
        it.calls.hold("find_commit")
        it.ada.set(it.hub, "a", "/n", 1)
        [asked] = await it.calls.reached("find_commit")
        [entry] = await it.store.entries(PAGE, 1, 2, 1)
        assert asked.args == (PAGE, entry.commit)
        assert it.live.is_read_only
        it.calls.release("find_commit")
        await it.settled()
        assert len(it.calls.of("find_commit")) == 1


async def test_a_document_stays_read_only_while_its_commit_may_still_happen() -> None:
    async with scene() as it:
        it.calls.fail_next("commit", after=False)
        it.calls.fail("find_commit")
        it.ada.set(it.hub, "a", "/n", 1)
        await it.stopped()
        await until(lambda: len(it.calls.of("find_commit")) >= 3)
        assert it.live.is_read_only
        assert ("ada", "notice", "writable") not in it.journal
        it.bo.set(it.hub, "b", "/n", 2)
        assert it.events()[-1] == ("bo", "b", REFUSED)
        it.calls.mend()
        await it.settled()
        assert ("bo", "notice", "writable") in it.events()
        assert await it.ids_in_log() == []


async def test_a_full_tenant_is_told_so_and_the_document_takes_later_requests() -> None:
    async with scene() as it:
        it.calls.answer_next("commit", [Full()])
        it.ada.set(it.hub, "a", "/n", 1)
        it.bo.set(it.hub, "b", "/n", 2)
        await it.settled()
        assert it.events() == [("ada", "a", "quota_exceeded"), ("bo", "b", "quota_exceeded")]
        it.ada.set(it.hub, "c", "/n", 3)
        await it.settled()
        assert await it.ids_in_log() == [(2, "c")]


async def test_of_several_documents_only_the_one_that_cannot_be_committed_ends() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        async with it.hub.using(OTHER) as other:
            away = Listener(other, "dee", it.journal)
            it.calls.fail_next("commit", error=RuntimeError("a bug"))
            it.ada.set(it.hub, "a", "/a", 1)
            away.set(it.hub, "d", "/d", 1)
            await until(lambda: ("dee", "resynchronise") in it.journal)
            assert {("ada", "a", REFUSED), ("dee", "d", REFUSED)} <= set(it.events())
            await until(lambda: other.state is LiveState.OPEN)
            await it.settled()
            it.calls.fail_next("commit", error=RuntimeError("a bug"))
            away.set(it.hub, "d", "/d", 1)
            it.ada.set(it.hub, "a", "/a", 1)
            await until(lambda: other.is_busy or LiveState.CLOSED in (other.state, it.live.state))
            await until(lambda: not (other.is_busy or it.live.is_busy))
            assert {other.state, it.live.state} == {LiveState.CLOSED, LiveState.OPEN}
            closed = "dee" if other.state is LiveState.CLOSED else "ada"
            lost = ("dee", "d") if closed == "dee" else ("ada", "a")
            assert [event for event in it.events() if event[0] == closed] == [
                (*lost, REFUSED),
                (closed, "closed", 1011),
            ]


async def test_documents_of_a_failed_commit_are_committed_alone_once() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        async with it.hub.using(OTHER) as other:
            away = Listener(other, "dee", it.journal)

            async def sizes_of_the_commits(number: int) -> list[int]:
                """Edit both documents in one round; return how many each commit has."""
                before = len(it.calls.of("commit"))
                it.ada.set(it.hub, f"a-{number}", "/a", number)
                away.set(it.hub, f"d-{number}", "/d", number)
                await until(lambda: not (other.is_busy or it.live.is_busy))
                await until(lambda: other.state is it.live.state is LiveState.OPEN)
                return [len(call.args[0]) for call in it.calls.of("commit")[before:]]

            it.calls.fail_next("commit", error=RuntimeError("a bug"))
            assert await sizes_of_the_commits(1) == [2]
            assert await sizes_of_the_commits(2) == [1, 1]
            assert await sizes_of_the_commits(3) == [2]
