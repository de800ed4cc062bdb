"""The bytes that an entry stores in addition to its request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collab.entry import Author, Entry
from collab.flow.budget import WORK_SECONDS
from collab.room.requests import Answer, PatchRequest, Replace, Request, UndoRequest, Update
from server.broadcast.subscriber import Submission
from server.documents.update_charges import FREE_BYTES, FREE_SHARE, UpdateCharges, stored_beyond
from tests.collab.room.rooms import member

TEXT = "x" * 100_000


def entry(update: int, inverse: int = 0) -> Entry:
    return Entry(2, Author("ada"), 0, "edit", [], b"u" * update, inverse=b"i" * inverse)


def patch(value: object) -> PatchRequest:
    return PatchRequest("1", None, [{"op": "replace", "path": "/t", "value": value}])


@pytest.mark.parametrize(
    ("request_", "stored", "beyond"),
    [
        (patch("y"), entry(100, 100), 0),
        (patch(TEXT), entry(100_020, 100_000), 0),
        (Update(b"u" * 100_000), entry(100_000, 100_000), 0),
        (Replace({"t": TEXT}, None), entry(100_020, 100_000), 0),
        (UndoRequest("", redo=False), entry(FREE_BYTES), 0),
        (UndoRequest("", redo=False), entry(100_000, 30), 100_030 - FREE_BYTES),
        (patch("y"), entry(100, 1_000_000), 1_000_100 - FREE_BYTES - FREE_SHARE * 42),
    ],
    ids=["small", "a paste", "a Yjs paste", "a put", "free", "an undo", "a large removal"],
)
def test_b10_only_bytes_beyond_the_request_are_charged(
    request_: Request, stored: Entry, beyond: int
) -> None:
    assert abs(stored_beyond(request_, stored) - beyond) < 20


def test_g32_joined_updates_are_free_when_each_of_them_is() -> None:
    request, stored = Update(b"u" * 100), entry(3 * FREE_BYTES)
    assert stored_beyond(request, stored, 3) == 0
    assert stored_beyond(request, stored) == 2 * FREE_BYTES - FREE_SHARE * 100
    parts = [Submission(member(), request, 0.0) for _ in range(3)]
    together = replace(parts[0], joined=parts, count=3)
    for submission, are_due in ((together, False), (parts[0], True)):
        charges = UpdateCharges()
        charges.note(submission, Answer(2), 2.9 * WORK_SECONDS)
        assert charges.are_due == are_due
