"""Locks, moves and edits at random, through two instances on one database."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.locks.state import Locks
from collab.patch.pointer import lookup, parse
from collab.ports.store import Stored
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Answer, Create, LockRequest, PatchRequest, Request
from collab.room.room import Room
from collab.room.working import RoomBounds
from server.commits.commit_loop import CommitLoop
from server.documents.hub import Hub
from server.documents.snapshots import HubBounds
from server.runtime.clock import SystemClock
from storage.memory.store import MemoryStore

pytestmark = pytest.mark.thorough

KEY = DocKey("demo", "page")
PAGE: dict[str, Any] = {"sections": [{"id": f"s{n}", "by": ""} for n in range(5)]}
EXPECTED = {
    Code.LOCKED,
    Code.STALE_LOCK,
    Code.CONFLICT,
    Code.PATH_NOT_FOUND,
    Code.NOT_FOUND,
    Code.INVALID_PATCH,
}


class World:
    """Four users at two instances; the database is checked between rounds."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.store = MemoryStore(lambda: 1_700_000_000_000)
        bounds = HubBounds(RoomBounds())
        self.hubs = [Hub(self.store, SystemClock(), bounds) for _ in range(2)]
        self.people = [
            (Member(Author(user, "", "tab"), Rights(Role.EDITOR, 2**53), "http"), hub)
            for user, hub in zip("abcd", self.hubs * 2, strict=True)
        ]
        self.elements: dict[str, str] = {}  # each lock's element when it was first seen

    async def ask(self, member: Member, hub: Hub, request: Request) -> Answer | None:
        try:
            async with hub.using(KEY) as live:
                return await hub.ask(live, member, request)
        except Rejected as rejected:
            if rejected.refusal.code not in EXPECTED:
                raise
            return None

    async def read(self) -> tuple[Any, Locks]:
        stored = await self.store.load(KEY)
        assert isinstance(stored, Stored)
        room = Room(KEY, stored, RoomBounds(), None)
        revision, rows = await self.store.locks(KEY)
        room.close()
        return room.value, Locks(revision, tuple(rows))

    def request(self, member: Member, length: int) -> Request:
        at, to = self.choose.randrange(length), self.choose.randrange(length)
        op: Op
        match self.choose.choice(["edit", "edit", "move", "add", "remove", "lock", "lock", "free"]):
            case "edit":
                op = {"op": "replace", "path": f"/sections/{at}/by", "value": member.author.user}
            case "move":
                op = {"op": "move", "from": f"/sections/{at}", "path": f"/sections/{to}"}
            case "add":
                fresh = {"id": f"n{self.choose.randrange(10**9)}", "by": ""}
                op = {"op": "add", "path": f"/sections/{at}", "value": fresh}
            case "remove" if length > 3:
                op = {"op": "remove", "path": f"/sections/{at}"}
            case "lock":
                return LockRequest("l", "acquire", f"/sections/{at}")
            case _:
                return LockRequest("l", "release", f"/sections/{at}")
        return PatchRequest("", None, [op])

    async def round(self) -> None:
        before, held = await self.read()
        length = len(before["sections"])
        chosen = self.choose.sample(self.people, 3)
        await asyncio.gather(
            *(self.ask(member, hub, self.request(member, length)) for member, hub in chosen)
        )
        after, still = await self.read()
        self.check_places(after, still)
        old = {section["id"]: section["by"] for section in before["sections"]}
        new = {section["id"]: section["by"] for section in after["sections"]}
        for lock in held.held:
            if still.find(lock.id) is not None:
                element = self.elements[lock.id]
                assert new[element] in (old[element], lock.holder.user)

    def check_places(self, value: Any, locks: Locks) -> None:
        for lock in locks.held:
            element = lookup(value, parse(lock.scope))["id"]
            assert self.elements.setdefault(lock.id, element) == element


@pytest.mark.parametrize("seed", range(12))
async def test_locks_stay_on_their_element_and_only_the_holder_edits_it(seed: int) -> None:
    world = World(seed)
    loops = [asyncio.create_task(CommitLoop(hub).run()) for hub in world.hubs]
    try:
        member, hub = world.people[0]
        await world.ask(member, hub, Create(PAGE))
        for _ in range(60):
            await world.round()
        assert world.elements, "no lock was held, so nothing was checked"
        versions = [entry.version for entry in await world.store.entries(KEY, 0, 2**53, 10**6)]
        assert versions == list(range(1, len(versions) + 1))
    finally:
        for hub in world.hubs:
            for live in hub.lives.values():
                live.lock_announcer.close()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
