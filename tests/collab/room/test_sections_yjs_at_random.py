"""Section rights on the Yjs lane: no update changes anything outside the sections."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

import pytest
from pycrdt import Doc

from collab.entry import Author
from collab.ids import DocKey
from collab.ports.store import Absent, Stored
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create, PatchRequest, Round, UndoRequest, Update
from collab.room.room import Room
from collab.room.working import RoomBounds
from tests.collab.room import section_peers as peers
from tests.collab.room import section_worlds as worlds
from tests.collab.room.section_oracle import areas, masked

HOME = DocKey("demo", "home")
OWNER = Member(Author("root"), Rights(Role.ADMIN, 2**53), "http")


class World:
    """One document, a peer with sections, and a peer that only reads."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.room = Room(HOME, Absent(), RoomBounds(), None)
        self.onlooker, self.writer = peers.peer(50), peers.peer(60)
        self.now = 0
        created = self.room.apply(OWNER, Create(worlds.document(self.random)), Round(0))
        assert created.entry is not None
        self.onlooker.apply_update(created.entry.update)
        base = self.onlooker.get_state()
        peers.seed_roots(self.onlooker)
        self.send(OWNER, self.onlooker.get_update(base))
        self.patch()
        self.room.commit()
        self.sections = worlds.sections(self.random, self.room.document.value)
        rights = Rights(Role.EDITOR, 2**53, sections=tuple(self.sections))
        self.member = Member(Author("ed"), rights, "yjs")
        self.writer.apply_update(self.onlooker.get_update())

    def send(self, member: Member, update: bytes) -> list[bytes]:
        """Send an update, and return the updates of its entries."""
        waiting, made = [update], []
        while waiting:
            answer = self.room.apply(member, Update(waiting.pop(0)), Round(self.now))
            assert answer.refusal is None, (self.seed, answer.refusal)
            waiting = [*answer.rest, *waiting]
            if answer.entry is not None:
                made.append(answer.entry.update)
        return made

    def patch(self) -> None:
        """Edit as the owner, so that there are hidden elements and steps to undo."""
        for _ in range(2):
            self.now += 2_000
            ops = worlds.patch(self.random, self.room.document.value, [])
            if any(op["path"] == "" for op in ops):
                continue
            answer = self.room.apply(OWNER, PatchRequest("", None, ops), Round(self.now))
            if answer.entry is not None:
                self.onlooker.apply_update(answer.entry.update)

    def turn(self, met: Counter[str]) -> None:
        """Send one update of the writer; sometimes the owner has edited meanwhile."""
        known = self.writer.get_state()
        paths = self.paths()
        inside = bool(paths) and self.random.random() < 0.5
        for _ in range(self.random.choice((1, 1, 2, 3))):
            within = self.random.choice(paths) if inside else None
            with self.writer.transaction():
                peers.edit(self.random, self.writer, within)
        mine = peers.content_of(self.writer)
        is_behind = self.random.random() < 0.3
        if is_behind:
            self.patch()
        self.now += 5_000
        self.judge(self.writer.get_update(known), met, None if is_behind or not inside else mine)

    def paths(self) -> list[list[str]]:
        dumped = peers.content_of(self.onlooker)
        found = [peers.path_of(dumped, at) for at in areas(self.room.document.value, self.sections)]
        return [path for path in found if path is not None]

    def judge(self, update: bytes, met: Counter[str], mine: Any) -> None:
        """Send an update, and compare all clients' documents with the document before it."""
        before = json.loads(json.dumps(self.room.document.value))
        places, paths = areas(before, self.sections), self.paths()
        dumped, roots = peers.content_of(self.onlooker), peers.others(self.onlooker)
        missed = self.onlooker.get_update(self.writer.get_state())
        made = self.send(self.member, update)
        for one in (missed, *made):
            self.writer.apply_update(one)
        for one in made:
            self.onlooker.apply_update(one)
        after, now = self.room.document.value, peers.content_of(self.onlooker)
        told = self.seed, self.sections, before, after
        assert now == peers.content_of(self.writer), told
        assert peers.others(self.onlooker) == peers.others(self.writer) == roots, told
        assert self.room.document.read() == after, told
        assert masked(after, places) == masked(before, places), told
        if any(_other_element(before, after, place) for place in places):
            met["another element under an index"] += 1  # the new element has another key
        else:
            assert peers.outside(now, paths) == peers.outside(dumped, paths), told
        if mine is not None and now != mine:
            met["written again"] += 1  # one update has a map entry and items of a list (X8)
        met["inside" if mine is not None else "stays" if now == dumped else "changes"] += 1
        self.room.commit()

    def end(self) -> None:
        """Check that a reloaded document is the same and has the same undo steps."""
        entries = self.room.tail.since(0)
        assert entries is not None
        stored = Stored(1, self.room.version, self.room.control, None, entries)
        again = Room(HOME, stored, RoomBounds(), None)
        fresh: Doc[Any] = peers.peer(99)
        fresh.apply_update(again.document.update_since(b"\x00"))
        assert peers.content_of(fresh) == peers.content_of(self.onlooker)
        assert peers.others(fresh) == peers.others(self.onlooker)
        is_left = True
        while is_left:
            answers = [
                room.apply(OWNER, UndoRequest(""), Round(self.now)) for room in (self.room, again)
            ]
            assert answers[0].ack == answers[1].ack
            assert self.room.document.value == again.document.value
            is_left = answers[0].refusal is None
        self.room.close()
        again.close()


def _other_element(before: Any, after: Any, place: list[str | int]) -> bool:
    """Whether an index holds an element with another `id`, or of another kind, than before."""
    if not place or not isinstance(place[-1], int):
        return False
    return _known_by(before, place) != _known_by(after, place)


def _known_by(value: Any, place: list[str | int]) -> tuple[type, Any]:
    for key in place:
        try:
            value = value[key]
        except (LookupError, TypeError):
            return type(None), None
    own = value.get("id") if isinstance(value, dict) else None
    return type(value), own if isinstance(own, str) else None


def walk(seed: int, met: Counter[str]) -> None:
    world = World(seed)
    for _ in range(4):
        world.turn(met)
    world.end()


def _walk_through(seeds: range) -> None:
    """Run updates inside and outside the sections; a few of them are rewritten as JSON."""
    met: Counter[str] = Counter()
    for seed in seeds:
        walk(seed, met)
    cases = 4 * len(seeds)
    assert met["inside"] + met["stays"] + met["changes"] == cases
    assert min(met["inside"], met["stays"]) > cases // 8, met
    assert met["written again"] <= 2 + cases // 500, met


@pytest.mark.thorough
def test_x8_no_update_changes_anything_outside_the_sections() -> None:
    _walk_through(range(80))


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_x8_no_update_changes_anything_outside_over_many_seeds(block: int) -> None:
    _walk_through(range(1_000 + block * 150, 1_150 + block * 150))
