"""What a loaded Yjs document keeps of deleted values."""

from __future__ import annotations

import pytest
from pycrdt import Doc, Map

from collab.types.loader import CONTENT, Loader


def deleting() -> list[bytes]:
    """Return the updates of a client that creates a map with a word in it, and removes the map."""
    client: Doc[Map[object]] = Doc(client_id=5)
    content = client.get(CONTENT, type=Map)
    content["held"] = Map({"inner": Map({"word": "secret"})})
    made = client.get_update()
    before = client.get_state()
    del content["held"]
    return [made, client.get_update(before)]


@pytest.mark.parametrize("keeps_deleted", [True, False])
def test_only_a_loader_that_keeps_deleted_values_has_them(keeps_deleted: bool) -> None:
    loader = Loader(1, keeps_deleted=keeps_deleted)
    for update in deleting():
        loader.apply([update])
    txn = loader.doc.create_transaction()
    state = loader.doc.get_update(txn, b"\0")
    txn.drop()
    assert (b"secret" in state) == keeps_deleted
