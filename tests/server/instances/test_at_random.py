"""Random edits, undos and locks at three instances, while messages are lost, doubled and late."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import Any

import pytest

from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.apply import replay
from collab.ports.store import Stored
from collab.room.requests import LockRequest, PatchRequest, Request, UndoRequest
from server.commits import recovery
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Follower, Inside
from tests.held_store import held, until
from tests.seeds import seeds
from tests.server.instances.network import Network, instances, poll

VALUE: dict[str, Any] = {
    "title": "x" * 520,
    "n": 0,
    "sections": [{"id": f"s{n}"} for n in range(4)],
}
EXPECTED = {
    Code.LOCKED,
    Code.STALE_LOCK,
    Code.CONFLICT,
    Code.PATH_NOT_FOUND,
    Code.NOT_FOUND,
    Code.INVALID_PATCH,
    Code.NOTHING_TO_UNDO,
    Code.STORAGE_UNAVAILABLE,
}


@pytest.fixture(autouse=True)
def _nothing_waits_for_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0.0)


@pytest.mark.parametrize("seed", seeds(2, 12))
async def test_all_instances_show_the_log(seed: int) -> None:
    await _run(seed, 60)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(100, 160))
async def test_all_instances_show_the_log_over_many_seeds(seed: int) -> None:
    await _run(seed, 120)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1400))
async def test_all_instances_show_the_log_over_very_many_seeds(seed: int) -> None:
    await _run(seed, 400)


async def _run(seed: int, steps: int) -> None:
    choose = random.Random(seed)
    network = Network(seed, loses=choose.choice([0.0, 0.1, 0.5]))
    store, calls = held(MemoryStore(lambda: 1_700_000_000_000))
    async with instances(store, network, 3) as every:
        await every[0].make(VALUE)
        lives = [await one.hub.open(PAGE) for one in every]
        followers = [Follower(live, f"follower-{number}") for number, live in enumerate(lives)]
        for name in ("commit", "newer", "load", "commit_locked"):
            calls.delay(name, choose.randint(0, 3))
        asking: list[asyncio.Task[None]] = []
        for step in range(steps):
            at = choose.choice(every)
            user = choose.choice("abc")
            asking.append(
                asyncio.create_task(_ask(at, _request(choose, lives[0].room.value), user))
            )
            if choose.random() < 0.1:
                network.cut ^= {choose.choice(network._wires)}
            if choose.random() < 0.2:
                network.deliver_late()
            if choose.random() < 0.1:
                await poll([choose.choice(every)])
            if choose.random() < 0.02:
                calls.fail_next("commit", after=choose.random() < 0.5)
            for _ in range(choose.randint(0, 6)):
                await asyncio.sleep(0)
            if step % 20 == 19:
                await asyncio.gather(*asking)
        await asyncio.gather(*asking)
        await _settle(every, network)
        stored = await store.load(PAGE)
        assert isinstance(stored, Stored)
        entries = await store.entries(PAGE, 0, stored.head, 10_000)
        assert [one.version for one in entries] == list(range(1, stored.head + 1))
        value: Json = {}
        for entry in entries:
            value = replay(value, entry.ops)
        for live, follower in zip(lives, followers, strict=True):
            assert (live.room.version, live.room.value) == (stored.head, value)
            assert live.room.document.read() == value
            assert (follower.version, follower.value) == (stored.head, value)
        vectors = {live.room.document.encode_state_vector() for live in lives}
        assert len(vectors) == 1
        assert len({tuple(live.room.locks().held) for live in lives}) == 1


async def _settle(every: list[Inside], network: Network) -> None:
    network.cut.clear()
    network.deliver_late()
    for one in every:
        await until(partial(_is_calm, one))
        await one.read()


def _is_calm(one: Inside) -> bool:
    [live] = one.hub.lives.values()
    return not live.is_read_only and not live.is_busy


async def _ask(at: Inside, request: Request, user: str) -> None:
    try:
        await at.ask(request, user=user)
    except Rejected as rejected:
        if rejected.refusal.code not in EXPECTED:
            raise


def _request(choose: random.Random, value: Any) -> Request:
    sections = value.get("sections", [])
    at = choose.randrange(len(sections)) if sections else 0
    match choose.choice(["edit", "edit", "text", "move", "add", "remove", "undo", "redo", "lock"]):
        case "text":
            start = choose.randrange(500)
            text = value["title"]
            new = text[:start] + choose.choice("äb🙂") + text[start + 1 :]
            return PatchRequest("", None, [{"op": "replace", "path": "/title", "value": new}])
        case "move" if len(sections) > 1:
            to = choose.randrange(len(sections))
            op = {"op": "move", "from": f"/sections/{at}", "path": f"/sections/{to}"}
            return PatchRequest("", None, [op])
        case "add":
            fresh = {"id": f"n{choose.randrange(10**9)}", "by": "x"}
            return PatchRequest(
                "", None, [{"op": "add", "path": f"/sections/{at}", "value": fresh}]
            )
        case "remove" if len(sections) > 2:
            return PatchRequest("", None, [{"op": "remove", "path": f"/sections/{at}"}])
        case "undo":
            return UndoRequest("")
        case "redo":
            return UndoRequest("", redo=True)
        case "lock" if sections:
            if choose.random() < 0.5:
                return LockRequest("l", "acquire", f"/sections/{at}")
            return LockRequest("l", "release", f"/sections/{at}")
    return PatchRequest("", None, [{"op": "add", "path": "/n", "value": choose.randrange(10**6)}])
