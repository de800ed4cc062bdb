"""Rule G25: yrs joins few structs in one transaction; joining many copies gigabytes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from collab.entry import Author
from collab.ids import DocKey
from collab.ports.store import Absent
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create, Round, Update
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.structs.guard import inspect
from collab.yjs.slices import LARGEST_PIECE, MOST_JOINED
from tests.collab.yjs.updates import shared, string, update

ADA = Member(Author("ada"), Rights(Role.EDITOR, 2**53), "yjs")
HOME = DocKey("demo", "home")
AUTHOR = 77


def letters(count: int) -> bytes:
    """Return an update with a text of one struct for each letter."""
    typed = [string("x", origin=(AUTHOR, clock)) for clock in range(1, count)]
    first = string("x", parent=(AUTHOR, 0))
    return update((AUTHOR, 0, [shared(2, root="content", key="t"), first, *typed]))


@pytest.mark.parametrize("count", [MOST_JOINED + 100, 3 * MOST_JOINED])
def test_g25_many_one_letter_structs_are_applied_in_pieces(count: int) -> None:
    room = Room(HOME, Absent(), RoomBounds(), None)
    room.apply(ADA, Create({}), Round(0))
    waiting = [letters(count)]
    sizes = []
    while waiting:
        answer = room.apply(ADA, Update(waiting.pop(0)), Round(1))
        assert answer.refusal is None
        assert answer.entry is not None
        sizes.append(sum(map(len, inspect(answer.entry.update).sections.values())))
        waiting = [*answer.rest, *waiting]
    assert max(sizes) <= LARGEST_PIECE
    assert len(sizes) >= count / LARGEST_PIECE, "yrs has joined the structs of each piece"
    assert room.document.value == {"t": "x" * count}


def test_g25_few_one_letter_structs_are_applied_at_once() -> None:
    room = Room(HOME, Absent(), RoomBounds(), None)
    room.apply(ADA, Create({}), Round(0))
    answer = room.apply(ADA, Update(letters(MOST_JOINED)), Round(1))
    assert not answer.rest
    assert room.document.value == {"t": "x" * MOST_JOINED}


OPEN = """
import resource
from collab.document.document import Document
from collab.entry import Author, Entry
from tests.collab.room.test_joined import AUTHOR, letters
from collab.yjs.slices import pieces_of

entries = [
    Entry(version, Author("ada"), 0, "edit" if version > 1 else "create", [], piece)
    for version, piece in enumerate(pieces_of(letters(40_000), {}), 1)
]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
document = Document.open(None, entries, 1)
assert document.value == {"t": "x" * 40_000}
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.thorough
def test_g25_opening_a_log_of_pieces_needs_little_memory() -> None:
    """Before the bound, one transaction with all letters took 900 MB."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) < 100
