"""Every instance gives an accepted id its first answer again, for the same request only."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack

import pytest
from msgspec.structs import replace

from collab.entry import Author
from collab.errors import Code, Refusal, Rejected
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Answer, PatchRequest, Refused, Replace, RequestWithId, UndoRequest
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside
from tests.patience import PATIENCE

TEST = [{"op": "test", "path": "/a", "value": 1}]


async def sent(hall: Inside) -> Answer:
    return await hall.ask(PatchRequest("X", None, TEST))


async def change_what_it_tests(hall: Inside) -> None:
    assert isinstance(await hall.set("/a", 2, id="bo.1"), Answer)


async def test_after_a_crash_an_id_without_a_version_is_a_duplicate() -> None:
    store = MemoryStore()
    async with inside(store) as hall:  # ends without a snapshot, like a crash
        await hall.make({"a": 1})
        assert (await sent(hall)).version == 1
        await change_what_it_tests(hall)
    async with inside(store) as hall:
        again = await sent(hall)
        assert (again.version, again.ack) == (1, {"duplicate": True})


async def test_an_id_that_another_instance_accepted_without_a_version_is_a_duplicate() -> None:
    store = MemoryStore()
    async with inside(store) as one, inside(store) as two:
        await one.make({"a": 1})
        assert (await sent(two)).version == 1
        await change_what_it_tests(one)
        again = await sent(one)
        assert (again.version, again.ack) == (1, {"duplicate": True})


async def reused(hall: Inside, value: int) -> bool:
    """Whether this id with these ops is refused as `id_reused`."""
    answer = await hall.set("/a", value, id="X")
    return isinstance(answer, Rejected) and answer.refusal.code is Code.ID_REUSED


@pytest.mark.parametrize("makes_a_version", [True, False])
async def test_after_a_crash_an_id_with_other_ops_is_refused(makes_a_version: bool) -> None:
    store = MemoryStore()
    async with inside(store) as hall:
        await hall.make({"a": 1})
        assert not await reused(hall, 2 if makes_a_version else 1)
    async with inside(store) as hall:
        assert await reused(hall, 3)
        assert not await reused(hall, 2 if makes_a_version else 1)
        assert await hall.read() == ((2, {"a": 2}) if makes_a_version else (1, {"a": 1}))


@pytest.mark.parametrize("first", [2, 1], ids=["a version", "no version"])
@pytest.mark.parametrize("second", [3, 1, 2], ids=["other", "nothing", "same"])
async def test_an_id_accepted_by_another_instance_is_compared_with_its_request(
    first: int, second: int
) -> None:
    store = MemoryStore()
    async with inside(store) as one, inside(store) as two:
        await one.make({"a": 1})
        assert not await reused(two, first)
        assert await reused(one, second) is (second != first)
        assert await one.read() == ((2, {"a": 2}) if first == 2 else (1, {"a": 1}))


async def test_a_refused_id_may_be_tried_again_with_other_ops() -> None:
    async with inside(MemoryStore()) as hall:
        await hall.make({"a": 1})
        with pytest.raises(Rejected, match="path_not_found"):
            await hall.ask(PatchRequest("X", None, [{"op": "remove", "path": "/b"}]))
        assert not await reused(hall, 2)
        assert await hall.read() == (2, {"a": 2})


# --- at random, compared with a ledger of the accepted requests -------------------------------

WANTED: dict[str, RequestWithId] = {
    **{f"set {n}": PatchRequest("", None, [{"op": "add", "path": "/a", "value": n}]) for n in "xy"},
    "test": PatchRequest("", None, [{"op": "test", "path": "/a", "value": "x"}]),
    "put": Replace({"a": "x"}, None),
    "undo": UndoRequest(""),
    "undo /b": UndoRequest("", "/b"),
    "undo of 3": UndoRequest("", version=3),
    "redo": UndoRequest("", redo=True),
}


async def outcome(hall: Inside, user: str, id: str, what: str) -> Answer | Code:
    try:
        return await hall.ask(replace(WANTED[what], id=id), user=user)
    except Rejected as rejected:
        return rejected.refusal.code


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(8))
async def test_an_id_belongs_to_one_request_whatever_comes_between(seed: int) -> None:
    dice, store = random.Random(seed), MemoryStore()
    ledger: dict[tuple[str, str], tuple[str, int]] = {}
    seen: set[object] = set()
    for _ in range(6):  # both instances crash after each round
        async with AsyncExitStack() as stack:
            halls = [await stack.enter_async_context(inside(store)) for _ in range(2)]
            await halls[0].make({"a": "x"})
            for _ in range(25):
                user, id, what = dice.choice("uv"), dice.choice("12345"), dice.choice([*WANTED])
                answer = await outcome(dice.choice(halls), user, id, what)
                known = ledger.get((user, id))
                if known is None:
                    if isinstance(answer, Answer):
                        assert "duplicate" not in answer.ack
                        ledger[user, id] = what, answer.version
                    else:
                        assert answer is not Code.ID_REUSED
                elif known[0] == what:
                    assert isinstance(answer, Answer)
                    assert (answer.version, answer.ack["duplicate"]) == (known[1], True)
                    seen.add("the same")
                else:
                    assert answer is Code.ID_REUSED
                    seen.add(answer)
    assert seen == {"the same", Code.ID_REUSED}


async def test_a_refused_message_with_an_id_that_was_accepted_is_refused_once() -> None:
    refusal = Refusal(Code.MALFORMED, "no message of ours")
    async with inside(MemoryStore()) as hall:
        await hall.make({"a": 1})
        await hall.set("/a", 2, id="X")
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(Rejected) as refused:
                await hall.ask(Refused("X", refusal, is_patch=True))
        assert refused.value.refusal == refusal
        assert (await hall.read())[1] == {"a": 2}


async def test_a_user_without_write_rights_is_refused_even_for_an_accepted_id() -> None:
    async with inside(MemoryStore()) as hall:
        await hall.make({"a": 1})
        request = PatchRequest("X", None, [{"op": "replace", "path": "/a", "value": 2}])
        await hall.ask(request)
        reader = Member(Author("ada"), Rights(Role.VIEWER, expires_at=2**53), "http")
        async with asyncio.timeout(PATIENCE), hall.hub.using(PAGE) as live:
            with pytest.raises(Rejected) as refused:
                await hall.hub.ask(live, reader, request)
        assert refused.value.refusal.code is Code.FORBIDDEN


@pytest.mark.thorough
async def test_large_answers_are_read_from_the_log_for_all_retries() -> None:
    """Together the answers have more bytes than the room keeps."""
    store = MemoryStore()
    text = "a long text " * 50_000
    requests: list[PatchRequest] = []
    async with inside(store) as hall:
        await hall.make({"a": text, "b": 0})
        for number in range(6):
            base = (await hall.read())[0] - 1 or 1
            value = f"{number} " + text
            ops = [{"op": "replace", "path": "/a", "value": value[:-number] if number else value}]
            requests.append(PatchRequest(f"r{number}", base, ops))
            await hall.ask(requests[-1])
            await hall.set("/a", f"{text} {number}", id=f"bo{number}")
    async with inside(store) as hall, asyncio.timeout(PATIENCE):
        answers = await asyncio.gather(*(hall.ask(request) for request in requests))
        assert all(answer.ack["duplicate"] for answer in answers)
        assert [answer.version for answer in answers] == sorted({one.version for one in answers})
