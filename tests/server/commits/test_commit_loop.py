"""The commit loop: the order of requests, answers and news, and what a failure does to them."""

from __future__ import annotations

import asyncio

import pytest

from collab.ports.store import Clash
from collab.room.requests import Answer, PatchRequest
from server.commits import recovery
from server.documents.batch import MAX_BATCH
from server.documents.live_room import MAX_SECONDS
from tests.faults.inside import PAGE
from tests.held_store import until
from tests.server.listener import Listener
from tests.server.scene import OTHER, Scene, scene

REFUSED = "storage_unavailable"


@pytest.fixture(autouse=True)
def _recovery_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0.0)


# --- one batch --------------------------------------------------------------------------------


async def test_a_batch_keeps_the_order_of_its_requests_and_authors_hear_first() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        it.bo.set(it.hub, "b", "/b", 1)
        it.ada.set(it.hub, "a", "/a", 1)
        it.bo.set(it.hub, "b2", "/b", 2)
        assert it.events() == [], "a client was told before the commit was durable"
        it.calls.release("commit")
        await it.settled()
        assert it.events() == [
            ("cy", "news", 2),
            ("cy", "first", 2),
            ("ada", "news", 2),
            ("bo", "news", 2),
            ("bo", "news", 3, 4, 5),
            ("bo", "b", 3),
            ("bo", "b2", 5),
            ("ada", "news", 3, 4, 5),
            ("ada", "a", 4),
            ("cy", "news", 3, 4, 5),
        ]
        last = it.batches()[-1]
        assert [(one.version, one.id) for one in last.entries] == [(3, "b"), (4, "a"), (5, "b2")]
        assert (last.after, last.epoch, last.create) == (2, 1, False)


async def test_all_entries_of_a_round_have_one_commit_id_and_each_round_another() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        it.ada.set(it.hub, "a", "/a", 1)
        it.bo.set(it.hub, "b", "/b", 1)
        it.calls.release("commit")
        await it.settled()
        ids = [{entry.commit for entry in batch.entries} for batch in it.batches()]
        assert [len(one) for one in ids] == [1, 1, 1]
        assert len(set.union(*ids)) == 3
        assert all(id.startswith("c-") for id in set.union(*ids))


async def test_a_refused_request_is_answered_in_its_turn_and_makes_no_version() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        it.ada.set(it.hub, "a", "/a", 1)
        it.ada.set(it.hub, "wrong", "/missing/b", 1)
        it.ada.set(it.hub, "c", "/c", 1)
        it.calls.release("commit")
        await it.settled()
        answers = [event for event in it.of("ada") if event[0] != "news"]
        assert answers == [("a", 3), ("wrong", "path_not_found"), ("c", 4)]


async def test_a_batch_has_at_most_so_many_requests_and_the_next_has_the_rest() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        for number in range(MAX_BATCH + 20):
            it.ada.set(it.hub, f"p-{number}", "/n", number + 1)
        it.calls.release("commit")
        await it.settled()
        assert [len(batch.entries) for batch in it.batches()[2:]] == [MAX_BATCH, 20]
        ids = [one for _, one in await it.ids_in_log()]
        assert ids == ["first", *(f"p-{number}" for number in range(MAX_BATCH + 20))]


async def test_a_round_ends_after_its_time_and_the_remaining_documents_are_first_next() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        await it.hold_a_commit()
        async with it.hub.using(OTHER) as other:
            away = Listener(other, "dee", it.journal)
            it.ada.set(it.hub, "a", "/a", 1)
            away.set(it.hub, "d", "/d", 1)
            it.clock.per_reading = MAX_SECONDS  # each request takes longer than a round may
            it.calls.release("commit")
            await it.settled()
            await until(lambda: not other.is_busy)
            rounds = [[one.key for one in call.args[0]] for call in it.calls.of("commit")]
            assert rounds[-2:] == [[OTHER], [PAGE]], "the page has just had a commit"


async def test_documents_with_edits_share_one_transaction() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        await it.hold_a_commit()
        async with it.hub.using(OTHER) as other:
            away = Listener(other, "dee", it.journal)
            it.ada.set(it.hub, "a", "/a", 1)
            away.set(it.hub, "d", "/d", 1)
            it.calls.release("commit")
            await until(lambda: not other.is_busy)
            assert {one.key for one in it.calls.of("commit")[-1].args[0]} == {PAGE, OTHER}


# --- another writer was first -----------------------------------------------------------------


async def clash(it: Scene, *, path: str = "/elsewhere", id: str = "else") -> None:
    """Let another instance commit while Cy's commit is held, and release it."""
    assert isinstance(await it.elsewhere.set(path, 1, id=id), Answer)
    it.calls.release("commit")


async def test_requests_of_a_clashed_batch_come_back_in_their_order_with_their_ids() -> None:
    async with scene() as it:
        it.calls.hold("commit")
        it.ada.set(it.hub, "a", "/n", 1)
        it.bo.set(it.hub, "b", "/n", 2)
        it.ada.set(it.hub, "c", "/n", 3)
        await it.calls.reached("commit")
        it.cy.set(it.hub, "d", "/n", 4)  # behind the batch, in the queue
        await clash(it)
        await it.settled()
        assert await it.ids_in_log() == [(2, "else"), (3, "a"), (4, "b"), (5, "c"), (6, "d")]
        assert it.value == {"list": ["a"], "n": 4, "elsewhere": 1}
        events = it.events()
        assert events[:3] == [("ada", "news", 2), ("bo", "news", 2), ("cy", "news", 2)]
        answers = [event for event in events if event[1] != "news"]
        assert answers == [("ada", "a", 3), ("ada", "c", 5), ("bo", "b", 4), ("cy", "d", 6)]


async def test_a_clashed_batch_leaves_the_pipeline_of_its_author_as_it_was() -> None:
    async with scene() as it:
        dee = it.join("dee", pipelines=True)
        it.calls.hold("commit")
        insert = [{"op": "add", "path": "/list/0", "value": "x"}]
        change = [{"op": "replace", "path": "/list/1", "value": "A"}]
        dee.send(it.hub, PatchRequest("p-1", 1, insert))
        dee.send(it.hub, PatchRequest("p-2", 1, change))  # `a` is at /list/1 for its author
        await it.calls.reached("commit")
        other = PatchRequest("else", 1, [{"op": "add", "path": "/list/0", "value": "y"}])
        await it.elsewhere.ask(other)
        it.calls.release("commit")
        await it.settled()
        assert dee.acks.keys() == {"p-1", "p-2"}
        assert sorted(it.value["list"]) == ["A", "x", "y"]
        assert it.value["list"][-1] == "A"
        assert await it.ids_in_log() == [(2, "else"), (3, "p-1"), (4, "p-2")]


async def test_a_reject_of_a_clashed_batch_does_not_bar_the_next_try() -> None:
    async with scene() as it:
        dee = it.join("dee", pipelines=True)
        it.calls.hold("commit")
        dee.set(it.hub, "good", "/n", 1)
        dee.set(it.hub, "needs", "/made/x", 1)  # refused here: there is no `/made` yet
        await it.calls.reached("commit")
        await it.elsewhere.set("/made", {}, id="else")
        it.calls.release("commit")
        await it.settled()
        assert it.of("dee")[-2:] == [("good", 3), ("needs", 4)]


async def test_the_documents_of_a_round_that_did_not_clash_are_answered_at_once() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        await it.hold_a_commit()
        async with it.hub.using(OTHER) as other:
            away = Listener(other, "dee", it.journal)
            it.ada.set(it.hub, "a", "/a", 1)
            away.set(it.hub, "d", "/d", 1)
            it.calls.release("commit")
            it.calls.hold("commit", after=False)
            await it.calls.reached("commit")
            await it.elsewhere.set("/elsewhere", 1, id="else")
            it.calls.hold("load")
            it.calls.release("commit")
            await it.calls.reached("load")
            assert ("dee", "d", 2) in it.journal
            assert ("ada", "a", 4) not in it.journal
            it.calls.release("load")
            await it.settled()
            assert ("ada", "a", 4) in it.journal


# --- ids that were accepted before ------------------------------------------------------------


async def forget_ids(it: Scene) -> None:
    """Let the room know no id, as after a restart from a snapshot."""
    await it.hub.snapshots.save(it.live)
    await it.hub.reopen(it.live)
    it.live.room.ids = type(it.live.room.ids)()


async def test_an_id_that_only_the_log_knows_gets_its_first_answer_and_no_second_entry() -> None:
    async with scene() as it:
        insert = PatchRequest("a", None, [{"op": "add", "path": "/list/0", "value": "x"}])
        it.ada.send(it.hub, insert)
        it.bo.set(it.hub, "b", "/m", 1)
        await it.settled()
        await forget_ids(it)
        it.events()
        it.bo.set(it.hub, "new-1", "/k", 1)
        it.ada.send(it.hub, insert)
        it.bo.set(it.hub, "new-2", "/k", 2)
        await it.settled()
        assert it.ada.acks["a"] == {"duplicate": True}
        assert ("ada", "a", 2) in it.journal
        assert await it.ids_in_log() == [(2, "a"), (3, "b"), (4, "new-1"), (5, "new-2")]
        assert it.value["list"] == ["x", "a"]


async def test_a_request_that_would_fail_now_gets_its_first_answer_by_its_id() -> None:
    async with scene({"box": {}}) as it:
        it.ada.set(it.hub, "a", "/box/x", 1)
        await it.settled()
        it.bo.send(it.hub, PatchRequest("b", None, [{"op": "remove", "path": "/box"}]))
        await it.settled()
        await forget_ids(it)
        it.events()
        it.ada.set(it.hub, "a", "/box/x", 1)
        await it.settled()
        assert it.of("ada") == [("a", 2)]
        assert it.ada.acks["a"] == {"duplicate": True}


async def test_an_id_of_another_user_is_another_request() -> None:
    async with scene() as it:
        it.ada.set(it.hub, "same", "/n", 1)
        await it.settled()
        await forget_ids(it)
        it.bo.set(it.hub, "same", "/m", 1)
        await it.settled()
        assert await it.ids_in_log() == [(2, "same"), (3, "same")]
        assert it.bo.acks["same"] == {}


async def test_drain_returns_when_no_request_waits_except_in_a_stopped_document() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        draining = asyncio.create_task(it.here.commits.drain())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not draining.done()
        it.calls.answer_next("commit", [Clash()])
        it.calls.release("commit")
        await draining
        assert (2, "first") in await it.ids_in_log()
