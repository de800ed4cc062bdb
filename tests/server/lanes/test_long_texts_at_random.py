"""Long texts, which the log keeps as splices, are sent as at first: at random, on both lanes."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.errors import Rejected
from collab.ids import Json
from collab.patch.apply import replay
from collab.room.member import Member
from collab.room.requests import Answer, PatchRequest, Request, UndoRequest, Update
from server.documents.live_room import LiveRoom
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Follower, Inside, inside

LONG = "a word and émoji 😀 then " * 60
USERS = ("ada", "bo")
PIECES = ("x", "é", "😀", "zz ")
STEPS = 60


class Walk:
    """One document whose clients edit at random.

    `values` and `told` have the value and the ops of each version, noted when it was made.
    """

    def __init__(self, made: Inside, chance: random.Random) -> None:
        self.made = made
        self.chance = chance
        self.values: dict[int, Json] = {}
        self.told: dict[int, list[dict[str, Any]]] = {}
        self.acks: dict[str, tuple[str, PatchRequest, dict[str, Any]]] = {}
        self.peer: Doc[Any] = Doc()

    async def step(self, number: int) -> None:
        async with self.made.hub.using(PAGE) as live:
            follower = Follower(live)
            kind = self.chance.random()
            if kind < 0.15:
                await self._ask(
                    live, self._member(), UndoRequest(id=f"r{number}", redo=kind < 0.05)
                )
            elif kind < 0.3:
                await self._type(live)
            elif kind < 0.4 and self.acks:
                await self._repeat(live)
            else:
                await self._patch(live, f"r{number}")
            assert follower.value == live.room.value
            follower.leave()
        if self.chance.random() < 0.15 and PAGE in self.made.hub.lives:
            await self.made.hub.unload(self.made.hub.lives[PAGE])

    def _member(self, user: str = "") -> Member:
        member = self.made.member(user or self.chance.choice(USERS))
        member.splice = True
        return member

    async def _ask(self, live: LiveRoom, member: Member, request: Request) -> Answer | None:
        try:
            answer = await self.made.hub.ask(live, member, request)
        except Rejected:
            return None
        if answer.entry is not None:
            self.told[answer.version] = list(answer.entry.ops)
            self.values[answer.version] = live.room.value
        return answer

    async def _patch(self, live: LiveRoom, id: str) -> None:
        base = max(1, live.room.version - self.chance.choice((0, 0, 1, 3)))
        ops = [self._op(self.values[base]) for _ in range(self.chance.choice((1, 1, 2, 4)))]
        member, request = self._member(), PatchRequest(id, base, ops)
        answer = await self._ask(live, member, request)
        if answer is not None:
            self.acks[id] = member.author.user, request, answer.ack

    async def _repeat(self, live: LiveRoom) -> None:
        """Retry a request, and check that it gets its first answer."""
        user, request, ack = self.acks[self.chance.choice(list(self.acks))]
        answer = await self._ask(live, self._member(user), request)
        assert answer is not None
        assert answer.ack == {**ack, "duplicate": True}

    def _op(self, value: Any) -> dict[str, Any]:
        path, text = self.chance.choice(
            (("/a", value["a"]), ("/b", value["b"]), ("/list/0", value["list"][0]))
        )
        if self.chance.random() < 0.6:
            at = self.chance.randrange(min(8, len(text)))
            piece = self.chance.choice(PIECES)
            return {"op": "splice", "path": path, "offset": at, "delete": 0, "insert": piece}
        if self.chance.random() < 0.3:
            return {"op": "replace", "path": "/n", "value": self.chance.random()}
        at = self.chance.randrange(len(text) + 1)
        return {"op": "replace", "path": path, "value": f"{text[:at]}NEW {text[at:]}"}

    async def _type(self, live: LiveRoom) -> None:
        """Type and delete as a Yjs client."""
        document = live.room.document
        self.peer.apply_update(document.update_since(self.peer.get_state()))
        before = self.peer.get_state()
        text = self._text()
        at = self.chance.randrange(max(1, len(str(text)) // 2))
        text.insert(at, "typed ")
        if self.chance.random() < 0.5:
            del text[at : at + 3]
        await self._ask(live, self._member(), Update(self.peer.get_update(before)))

    def _text(self) -> Text:
        content = self.peer.get("content", type=Map)
        text = content[self.chance.choice("ab")]
        assert isinstance(text, Text), type(text)
        return text

    async def check(self) -> None:
        """Check that the history has the ops that clients got, and leads to the same values."""
        history, head = self.made.hub.history, max(self.values)
        first = self.chance.randrange(1, head) if head > 1 else 1
        entries = await history.between(PAGE, first, head, 1000, 1 << 30)
        assert entries is not None
        value = self.values[first]
        for entry in entries:
            assert entry.ops == self.told[entry.version]
            value = replay(value, entry.ops)
            assert value == self.values[entry.version]
        for version in self.chance.sample(sorted(self.values), min(5, len(self.values))):
            assert await history.value_at(PAGE, version) == self.values[version]


async def walk(seed: int) -> None:
    chance = random.Random(seed)
    async with inside(MemoryStore(), snapshot_entries=chance.choice((1, 3, 50))) as made:
        walk = Walk(made, chance)
        value: dict[str, Json] = {"a": LONG, "b": LONG, "list": [LONG, "short"], "n": 0}
        await made.make(value)
        walk.values[1] = value
        for number in range(STEPS):
            await walk.step(number)
        await walk.check()


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(6))
async def test_long_texts_in_the_log_are_sent_as_at_first(seed: int) -> None:
    await walk(seed)


@pytest.mark.long
@pytest.mark.parametrize("block", range(10))
async def test_long_texts_in_the_log_over_many_seeds(block: int) -> None:
    for seed in range(100 + block * 40, 140 + block * 40):
        await walk(seed)
