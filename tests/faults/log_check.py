"""Compares the log with the acknowledged edits and the served value."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

import jsonpatch
import jsonpointer

from collab.entry import Entry
from collab.ids import DocKey, Json
from storage.store import SqlStore
from tests.faults.editor import Editor

PAGE = 1000


async def read_log(database: str, doc: str, tenant: str = "demo") -> list[Entry]:
    """Return every entry of a document, read by a second store."""
    store = SqlStore(database)
    try:
        entries: list[Entry] = []
        while page := await store.entries(DocKey(tenant, doc), len(entries), 2**53, PAGE):
            entries += page
        return entries
    finally:
        await store.close()


def replayed(entries: list[Entry]) -> Any:
    """Return the value after all entries, computed by the library jsonpatch.

    jsonpatch does not know `splice`, so each `splice` is first turned into a `replace`.
    """
    value: Json = {}
    for entry in entries:
        for op in deepcopy(entry.ops):
            value = jsonpatch.apply_patch(value, [_known(op, value)], in_place=True)
    return value


def _known(op: dict[str, Any], value: Any) -> dict[str, Any]:
    if op["op"] != "splice":
        return op
    units = jsonpointer.resolve_pointer(value, op["path"]).encode("utf-16-le")
    start, end = 2 * op["offset"], 2 * (op["offset"] + op["delete"])
    text = units[:start] + op["insert"].encode("utf-16-le") + units[end:]
    return {"op": "replace", "path": op["path"], "value": text.decode("utf-16-le")}


def check_log(entries: list[Entry], editors: list[Editor], value: Any) -> None:
    """Check that each acknowledged edit is logged once, without a gap, and served."""
    assert [entry.version for entry in entries] == list(range(1, len(entries) + 1)), "a gap"
    ids = Counter(entry.id for entry in entries if entry.id)
    assert [one for one, times in ids.items() if times > 1] == [], "written twice"
    versions = {entry.id: entry.version for entry in entries if entry.id}
    for editor in editors:
        lost = {one: at for one, at in editor.acked.items() if versions.get(one) != at}
        assert lost == {}, "acknowledged and lost, or elsewhere"
    assert replayed(entries) == value
