"""Prepared edits: Yjs updates that take one clock each, JSON patches, and the file of them."""

from __future__ import annotations

import itertools
import json
import struct
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
from pycrdt import Doc, Map

from bench.load_generator import edit_file, json_edits, yjs_edits
from collab.yjs.lib0 import Reader


def stored(path: Path) -> list[list[bytes]]:
    """Read a file of edits as the load generator does."""
    data = path.read_bytes()
    (count,) = struct.unpack_from("<I", data)
    position, streams = 4, []
    for _ in range(count):
        (edits,) = struct.unpack_from("<I", data, position)
        ends = struct.unpack_from(f"<{edits + 1}I", data, position + 4)
        position += 8 + 4 * edits
        streams.append([data[position + a : position + b] for a, b in itertools.pairwise(ends)])
        position += (ends[-1] + 3) & ~3
    assert position == len(data)
    return streams


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit_file, "CACHE", tmp_path)


def test_a_file_has_each_edit_of_each_stream(tmp_path: Path) -> None:
    streams = [[b"one", b"", b"three"], [], [b"x" * 9]]
    edit_file.write(tmp_path / "edits.bin", streams)
    assert stored(tmp_path / "edits.bin") == streams


def test_a_file_is_made_once() -> None:
    made = []

    def make() -> list[list[bytes]]:
        made.append(True)
        return [[b"edit"]]

    assert edit_file.cached("name", make) == edit_file.cached("name", make)
    assert made == [True]
    assert edit_file.cached("other", make) != edit_file.cached("name", make)


def header(update: bytes) -> tuple[int, ...]:
    reader = Reader(update)
    return tuple(reader.uint() for _ in range(4))


def test_a_keystroke_takes_one_clock_of_its_writer() -> None:
    streams = stored(yjs_edits.keystrokes(2, 50))
    for at, edits in enumerate(streams):
        client = yjs_edits.FIRST_CLIENT + at
        assert [header(edit) for edit in edits] == [(1, 1, client, clock) for clock in range(50)]


def test_all_keystrokes_apply_to_the_seed() -> None:
    doc: Doc[Any] = Doc()
    seed = yjs_edits.seed(20)
    doc.apply_update(seed.update)
    before = doc.get("content", type=Map).to_py()
    for edits in stored(yjs_edits.keystrokes(3, 100, 20)):
        for edit in edits:
            doc.apply_update(edit)
    after = doc.get("content", type=Map).to_py()
    assert before is not None
    assert after is not None
    assert len(str(after)) == len(str(before)) + 300
    assert {at: value["body"] for at, value in after["sections"].items()} == {
        at: value["body"] for at, value in before["sections"].items()
    }


def test_the_seed_says_the_clock_of_its_client() -> None:
    doc: Doc[Any] = Doc()
    doc.apply_update(yjs_edits.seed().update)
    reader = Reader(doc.get_state())
    clients = {reader.uint(): reader.uint() for _ in range(reader.uint())}
    assert clients == {yjs_edits.SEED_CLIENT: yjs_edits.seed().clock}


def test_a_value_has_its_marker_and_takes_one_clock() -> None:
    (edits,) = stored(yjs_edits.values(5))
    assert [header(edit)[2:] for edit in edits] == [(1000, clock) for clock in range(5)]
    assert b"@e0.4@" in edits[4]


def test_cursors_are_awareness_states_with_rising_clocks() -> None:
    edits = stored(yjs_edits.cursors(2, 3))[1]
    reader = Reader(edits[2])
    assert [reader.uint() for _ in range(3)] == [1, yjs_edits.FIRST_CLIENT + 1, 3]
    assert json.loads(reader.raw())["cursor"]["at"] == "@e1.2@"


def test_both_forms_of_a_patch_change_the_page_in_the_same_way() -> None:
    patched = json_edits.page()
    (patches,), (operations,) = stored(json_edits.patches(40)), stored(json_edits.json0(40))
    by_json0 = json_edits.page()
    for number, (patch, operation) in enumerate(zip(patches, operations, strict=True)):
        assert f"@e0.{number}@".encode() in patch
        patched = jsonpatch.apply_patch(patched, json.loads(patch))
        (one,) = json.loads(operation)
        *path, last = one["p"]
        place: Any = by_json0
        for step in path:
            place = place[step]
        place[last] = one["oi"]
    assert patched == by_json0
    assert 45_000 < len(json.dumps(patched)) < 60_000
