"""Section rights on the patch lane, compared with an oracle that shares no code with them."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from random import Random

import pytest

from collab.entry import Author
from collab.ids import DocKey
from collab.ports.store import Absent
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create, PatchRequest, Round, UndoRequest
from collab.room.room import Room
from collab.room.working import RoomBounds
from tests.collab.room import section_worlds as worlds
from tests.collab.room.section_oracle import Invalid, Judging, areas, masked

OWNER = Member(Author("root"), Rights(Role.ADMIN, 2**53), "http")
WRITERS = (Role.EDITOR, Role.PUBLISHER, Role.ADMIN)
# Codes of patches that are invalid for any user: a forbidden key, or a value that is too deep.
UNSOUND = ("invalid_patch", "invalid_document")


def walk(seed: int, met: Counter[str]) -> None:
    """Apply four patches of one user with sections; undo and redo each accepted patch."""
    random = Random(seed)
    room = Room(DocKey("demo", "home"), Absent(), RoomBounds(), None)
    assert room.apply(OWNER, Create(worlds.document(random)), Round(0)).refusal is None
    room.commit()
    sections = worlds.sections(random, room.document.value)
    rights = Rights(random.choice(WRITERS), 2**53, sections=tuple(sections))
    writer = Member(Author("ed"), rights, "http")
    for turn in range(4):
        _one(seed, random, room, writer, turn * 5_000, met)
    room.close()


def _one(
    seed: int, random: Random, room: Room, writer: Member, now: int, met: Counter[str]
) -> None:
    sections = list(writer.rights.sections or ())
    text = json.dumps(room.document.value)
    ops = worlds.patch(random, room.document.value, sections)
    judging, is_allowed = Judging(json.loads(text), sections), None
    with suppress(Invalid):
        is_allowed = judging.run(json.loads(json.dumps(ops)))
    head = room.head
    answer = room.apply(writer, PatchRequest("", None, ops), Round(now))
    code = None if answer.refusal is None else answer.refusal.code.value
    told = seed, sections, ops, text, code
    if is_allowed is None:
        assert code is not None, told
    elif not is_allowed:
        assert code == "forbidden", told
    else:
        assert code is None or code in UNSOUND, told
    met[f"{is_allowed} {code}"] += 1
    if code is not None:
        assert (room.head, json.dumps(room.document.value)) == (head, text), told
        return
    assert room.document.value == judging.root.value(), told
    places = areas(json.loads(text), sections)
    assert masked(room.document.value, places) == masked(json.loads(text), places), told
    # A user may lose a right by changing an `id`, when a pointer of the token ends in `/id`.
    if room.head > head and not any(pointer.endswith("/id") for pointer in sections):
        after = room.document.value
        assert room.apply(writer, UndoRequest(""), Round(now + 2_000)).refusal is None, told
        assert room.document.value == json.loads(text), told
        assert room.apply(writer, UndoRequest("", redo=True), Round(now + 2_500)).refusal is None, (
            told
        )
        assert room.document.value == after, told


def _check(met: Counter[str], cases: int) -> None:
    assert sum(met.values()) == cases
    assert min(met["True None"], met["False forbidden"]) > cases // 8, met


@pytest.mark.thorough
def test_x_a_patch_is_allowed_when_the_oracle_allows_it() -> None:
    met: Counter[str] = Counter()
    for seed in range(800):
        walk(seed, met)
    _check(met, 3_200)


@pytest.mark.long
def test_x_20_000_patches_agree_with_the_oracle() -> None:
    met: Counter[str] = Counter()
    for seed in range(10_000, 15_000):
        walk(seed, met)
    _check(met, 20_000)
