"""The log held against what was acknowledged and what is served: nothing lost, nothing twice."""

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
    """Every entry of a document, read by a store of our own."""
    store = SqlStore(database)
    try:
        entries: list[Entry] = []
        while page := await store.entries(DocKey(tenant, doc), len(entries), 2**53, PAGE):
            entries += page
        return entries
    finally:
        await store.close()


def replayed(entries: list[Entry]) -> Any:
    """The value that the log gives, by a library that we have not written.

    It knows no `splice`, so each is first written as the `replace` that it stands for.
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
    """0 acknowledged lost, 0 doubled, 0 gaps, and what is served is what was logged."""
    assert [entry.version for entry in entries] == list(range(1, len(entries) + 1)), "a gap"
    ids = Counter(entry.id for entry in entries if entry.id)
    assert [one for one, times in ids.items() if times > 1] == [], "written twice"
    versions = {entry.id: entry.version for entry in entries if entry.id}
    for editor in editors:
        lost = {one: at for one, at in editor.acked.items() if versions.get(one) != at}
        assert lost == {}, "acknowledged and lost, or elsewhere"
    assert replayed(entries) == value
