"""The bytes that an entry stores in addition to its request."""

from __future__ import annotations

import pytest

from collab.entry import Author, Entry
from collab.room.requests import PatchRequest, Replace, Request, UndoRequest, Update
from server.documents.update_charges import FREE_BYTES, FREE_SHARE, stored_beyond

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
