"""Stale answers: refusals that the store contradicts are made again before a client gets them."""

from __future__ import annotations

from collab.ports.positions import Position
from collab.room.requests import LockRequest, PatchRequest, UndoRequest
from server.commits.stale_answers import StaleAnswers, has_current_locks
from tests.faults.inside import PAGE
from tests.server.scene import Scene, scene


async def lock_elsewhere(it: Scene, action: str = "acquire") -> None:
    """Let Bo lock `/list` by another instance, or release that lock."""
    request = LockRequest(f"l-{action}", action, "/list")  # type: ignore[arg-type]
    await it.elsewhere.ask(request, user="bo")


async def test_a_refusal_by_a_lock_that_ended_elsewhere_is_made_again() -> None:
    async with scene() as it:
        await lock_elsewhere(it)
        await it.hub.reopen(it.live)
        await lock_elsewhere(it, "release")
        it.events()
        it.ada.set(it.hub, "a", "/list/0", "b")
        await it.settled()
        assert it.of("ada")[-1] == ("a", 2)


async def test_a_refusal_by_a_lock_that_is_still_held_is_sent_without_a_reload() -> None:
    async with scene() as it:
        await lock_elsewhere(it)
        await it.hub.reopen(it.live)
        it.events()
        loads = len(it.calls.of("load"))
        it.ada.set(it.hub, "a", "/list/0", "b")
        await it.settled()
        assert it.of("ada") == [("a", "locked")]
        assert len(it.calls.of("load")) == loads


async def test_a_refusal_without_a_lock_asks_for_no_position() -> None:
    async with scene() as it:
        it.ada.set(it.hub, "a", "/missing/b", 1)
        await it.settled()
        assert it.of("ada") == [("a", "path_not_found")]
        assert it.calls.of("position") == []


async def test_an_id_that_another_instance_accepted_without_a_version_is_found() -> None:
    async with scene() as it:
        test = PatchRequest("t", None, [{"op": "test", "path": "/n", "value": 0}])
        await it.elsewhere.ask(test, user="ada")
        await it.elsewhere.set("/n", 5, id="else")
        it.ada.send(it.hub, test)
        await it.settled()
        assert it.of("ada")[-1] == ("t", 1)
        assert it.ada.acks["t"] == {"duplicate": True}


async def test_only_ids_that_no_room_remembers_are_looked_up() -> None:
    async with scene() as it:
        it.ada.set(it.hub, "a", "/x", 1)
        await it.settled()
        it.ada.set(it.hub, "a", "/x", 1)
        await it.settled()
        assert it.calls.of("find_accepted") == []
        it.ada.send(it.hub, UndoRequest("u", "/nothing/here"))
        it.bo.set(it.hub, "b", "/missing/b", 1)
        it.ada.set(it.hub, "", "/missing/b", 1)
        await it.settled()
        asked = [call.args for call in it.calls.of("find_accepted")]
        assert asked == [(PAGE, "ada", ["u"]), (PAGE, "bo", ["b"])]


async def test_locks_are_current_while_the_store_has_the_revision_of_the_room() -> None:
    async with scene() as it:
        assert await has_current_locks(it.hub, it.live)
        await lock_elsewhere(it)
        assert not await has_current_locks(it.hub, it.live)


async def test_locks_of_a_missing_document_are_current_while_it_is_missing() -> None:
    async with scene() as it:
        it.calls.answer_next("position", None)
        assert not await has_current_locks(it.hub, it.live)
        async with it.hub.using(PAGE._replace(doc="missing")) as missing:
            assert await has_current_locks(it.hub, missing)


async def test_a_room_is_at_the_head_when_epoch_and_version_are_those_of_the_store() -> None:
    async with scene() as it:
        answers = StaleAnswers(it.hub)
        assert await answers._is_at_head(it.live)
        for position in (Position(1, 2, 0), Position(2, 1, 0), None):
            it.calls.answer_next("position", position)
            assert not await answers._is_at_head(it.live)
        it.calls.answer_next("position", Position(1, 1, 7))
        assert await answers._is_at_head(it.live), "a lock alone makes no room stale"
