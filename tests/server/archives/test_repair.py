"""Repair: the value that is found, the report of what is left out, and the new document."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collab.document.document import Document
from collab.entry import REPAIR, Entry, Op
from collab.ids import Json
from collab.ports.repairs import Rebuilt, Remains
from collab.ports.store import Snapshot
from server.archives.repair import MISMATCH, NEW_STATE, Salvage, rebuild, salvage
from server.loading.open_in_child import Asked, Failed, Opened, open_here, open_in_child
from tests.server.archives.test_archive import EDITS, history

NOW = 1_772_366_400_000


async def here(asked: Asked) -> Opened | Failed:
    return open_here(asked)


def snapshot(entries: list[Entry]) -> bytes:
    document = Document.open(None, entries, 1)
    body = document.snapshot().body
    document.close()
    return body


def remains(entries: list[Entry], head: int | None = None, **fields: Any) -> Remains:
    reached = entries[-1].version if head is None else head
    return Remains(1, reached, 3, **{"schema": b"", "snapshots": {}, **fields}, entries=entries)


async def found_in(left: Remains, **how: Any) -> Salvage:
    return await salvage(left, open_=here, **how)


def opened(rebuilt: Rebuilt) -> Json:
    """Return the value that the next start opens, with its snapshot and without it."""
    document = Document.open(Snapshot(0, rebuilt.body), [], rebuilt.epoch)
    again = Document.open(Snapshot(0, b"not read"), [rebuilt.entry], rebuilt.epoch)
    assert document.value == again.value == document.read()
    assert document.version == again.version == rebuilt.entry.version
    value = document.value
    document.close()
    again.close()
    return value


async def test_a_sound_document_is_read_whole() -> None:
    found = await found_in(remains(history(EDITS)))
    assert (found.value, found.left_out) == ({"title": "Hello é", "sections": []}, [])


async def test_a_damaged_entry_is_left_out_and_the_rest_applied() -> None:
    entries = history(EDITS)
    found = await found_in(remains([*entries[:2], entries[3]], damaged_entries=[3]))
    assert found.value == {"title": "Hi", "sections": []}
    assert found.left_out == [f"version 3: {MISMATCH}"]
    rebuilt = rebuild(remains(entries, damaged_entries=[3]), found, NOW)
    assert opened(rebuilt) == found.value
    assert (rebuilt.entry.version, rebuilt.epoch, rebuilt.drop_entries) == (5, 2, [3])
    assert rebuilt.entry.kind == REPAIR
    assert found.left_out[-1] == NEW_STATE


async def test_an_entry_that_does_not_apply_is_left_out() -> None:
    entries = history(EDITS)
    found = await found_in(remains([entries[0], *entries[2:]], damaged_entries=[2]))
    assert found.value == {"title": "Hello é", "sections": []}
    [first, second] = found.left_out
    assert first.startswith("version 4: ")
    assert second == f"version 2: {MISMATCH}"


async def test_an_earlier_snapshot_replaces_a_broken_one() -> None:
    entries = history(EDITS)
    snapshots = {2: snapshot(entries[:2]), 3: b"\x91\x01"}
    found = await found_in(remains(entries, snapshots=snapshots))
    assert found.value == {"title": "Hello é", "sections": []}
    assert found.broken_snapshots == [3]
    assert found.whole is not None
    rebuilt = rebuild(remains(entries, snapshots=snapshots), found, NOW)
    assert rebuilt.drop_snapshots == [3]
    assert opened(rebuilt) == found.value


async def test_snapshots_that_only_history_needs_are_tried_too() -> None:
    entries = history(EDITS)
    snapshots = {2: b"\x91\x01", 3: snapshot(entries[:3])}
    assert (await found_in(remains(entries, snapshots=snapshots))).broken_snapshots == []
    found = await found_in(remains(entries, snapshots=snapshots), every=True)
    assert found.broken_snapshots == [2]


async def test_damaged_entries_below_the_base_keep_their_change() -> None:
    entries = history(EDITS)
    left = remains(entries[2:], snapshots={3: snapshot(entries[:3])}, damaged_entries=[1, 2])
    found = await found_in(left)
    assert found.value == {"title": "Hello é", "sections": []}
    assert found.left_out == [f"version {n}: {MISMATCH}; the value has its change" for n in (1, 2)]


async def test_lost_entries_below_the_base_are_reported() -> None:
    entries = history(EDITS)
    left = remains(
        [entries[0], *entries[3:]],
        snapshots={3: snapshot(entries[:3])},
        lost_entries=[(2, 3)],
    )
    found = await found_in(left)
    assert found.value == {"title": "Hello é", "sections": []}
    assert found.left_out == ["versions 2 to 3: not in the log; the value has its change"]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (0, "the head: its row names version 0"),
        (2, "the head: its row names version 2"),
        (9, "versions 5 to 9"),
    ],
)
async def test_a_head_that_differs_from_the_log_is_repaired(head: int, said: str) -> None:
    left = remains(history(EDITS), head)
    found = await found_in(left)
    assert found.value == {"title": "Hello é", "sections": []}
    assert said in found.left_out[0]
    # Above every version that a client may have seen.
    assert rebuild(left, found, NOW).entry.version == max(head, 4) + 1


async def test_undo_steps_are_kept_with_the_yjs_state() -> None:
    left = remains(history(EDITS), 2)
    rebuilt = rebuild(left, await found_in(left), NOW)
    document = Document.open(Snapshot(0, rebuilt.body, rebuilt.steps), [], rebuilt.epoch)
    undone = document.undo("ada", version=6, at=0)
    assert undone.reverts == [4]
    assert document.read() == document.value
    document.close()


async def test_values_that_clients_may_not_send_are_left_out() -> None:
    entries = history(EDITS)
    ops: list[Op] = [{"op": "add", "path": "/odd", "value": {"__proto__": 1, "n": 10**17}}]
    entries[2] = msgspec.structs.replace(entries[2], ops=ops, update=b"not an update")
    found = await found_in(remains(entries))
    rebuilt = rebuild(remains(entries), found, NOW)
    assert opened(rebuilt) == {"title": "Hi", "sections": [], "odd": {"n": 1e17}}


@pytest.mark.parametrize(
    ("schema", "drops"),
    [
        (b"{", True),
        (b'{"required": ["x"]}', True),
        (b'{"type": "object"}', False),
        (b'{"$ref": "weft:poster"}', False),  # a newer server may know it
        (b"", False),
    ],
)
async def test_a_schema_that_the_value_breaks_is_dropped(schema: bytes, drops: bool) -> None:
    left = remains(history(EDITS), 2, schema=schema)
    found = await found_in(left)
    assert rebuild(left, found, NOW).drop_schema is drops
    assert any("the schema" in sentence for sentence in found.left_out) is drops


async def test_a_document_without_a_readable_row_has_no_value() -> None:
    left = Remains(1, 7, 0, b"", {}, [], damaged_snapshots=[7], damaged_entries=[6, 7])
    found = await found_in(left)
    assert found.value is None
    assert not any("the value has its change" in sentence for sentence in found.left_out)


async def test_a_lost_first_entry_is_missing_in_the_value() -> None:
    found = await found_in(remains(history(EDITS)[1:], damaged_entries=[1]))
    assert f"version 1: {MISMATCH}" in found.left_out


async def test_a_sound_entry_that_does_not_open_is_repaired() -> None:
    entries = history(EDITS)
    entries[2] = msgspec.structs.replace(entries[2], update=b"not an update")
    left = remains(entries)
    found = await found_in(left)
    assert [sentence.startswith("the Yjs state (") for sentence in found.left_out] == [True]
    assert opened(rebuild(left, found, NOW)) == {"title": "Hello é", "sections": []}


async def test_a_broken_snapshot_is_reported_once() -> None:
    found = await found_in(remains(history(EDITS)[3:], snapshots={3: b"\x91\x01"}))
    assert not any(sentence.startswith("the Yjs state") for sentence in found.left_out)


async def test_an_unreadable_schema_alone_is_damage() -> None:
    left = remains(history(EDITS), schema=b"{")
    found = await found_in(left)
    assert found.left_out == ["the schema: the schema is not JSON"]
    rebuilt = rebuild(left, found, NOW)
    assert (rebuilt.drop_schema, opened(rebuilt)) == (True, found.value)


async def test_a_huge_head_is_repaired() -> None:
    found = await found_in(remains(history(EDITS), 2**40))
    assert found.left_out == [f"versions 5 to {2**40}: not in the log"]


async def test_an_unreadable_epoch_is_replaced_by_an_unused_one() -> None:
    left = msgspec.structs.replace(remains(history(EDITS)), epoch=0, lost=["the epoch"])
    found = await found_in(left)
    assert found.left_out == ["the epoch"]
    assert rebuild(left, found, NOW).epoch == NOW // 1000


@pytest.mark.thorough
async def test_a_child_that_dies_is_reported_and_ends_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entries = history(EDITS)
    found = await open_in_child(Asked(None, entries, 1))
    assert isinstance(found, Opened)
    assert found.value == {"title": "Hello é", "sections": []}
    assert isinstance(await open_in_child(Asked(b"rot", entries, 1)), Failed)
    monkeypatch.setattr("server.loading.open_in_child.sys.executable", "/bin/false")
    died = await open_in_child(Asked(None, entries, 1))
    assert isinstance(died, Failed)
    assert "ended the process" in died.reason
