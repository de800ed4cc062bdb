"""What `bench/k6/yjs_update.js` writes, pycrdt reads, and the other way round."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from bench.load.yjs_session import read_var_uint, sync_messages, var_bytes, var_uint
from tests.house import ROOT

MODULE = ROOT / "bench" / "k6" / "yjs_update.js"
PIECES = ["~a.0:x;", "hé😀", "z" * 300, "~a.1:y;"]
CLIENT = 2**52 - 1

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js"),
]


def ask(code: str, **given: Any) -> Any:
    """Run a script that sees the module as `m`, and return the value of `answer`."""
    script = f"""
      import * as m from {json.dumps(MODULE.as_uri())}
      const given = {json.dumps(given)}
      const hex = (bytes) => Buffer.from(bytes).toString("hex")
      const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"))
      let answer
      {code}
      console.log(JSON.stringify(answer))
    """
    node = subprocess.run(
        ["node", "--input-type=module", "--no-warnings"],
        input=script,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(node.stdout)


def written() -> Any:
    return ask(
        """
        const text = new m.GrowingText(given.client, "marks-é")
        const updates = given.pieces.map((piece) => hex(text.append(piece)))
        const since = given.clocks.map((clock) => hex(text.since(clock)))
        answer = { updates, since, last: text.clock, empty: hex(text.since(text.clock)) }
        """,
        client=CLIENT,
        pieces=PIECES,
        clocks=[0, 1, 1 + len(PIECES[0])],
    )


def read(*updates: str) -> Doc[Map[Text]]:
    doc: Doc[Map[Text]] = Doc()
    doc["content"] = Map()
    for update in updates:
        doc.apply_update(bytes.fromhex(update))
    return doc


def text_of(doc: Doc[Map[Text]]) -> str:
    return str(doc["content"]["marks-é"])


def test_pycrdt_reads_each_update() -> None:
    made = written()
    assert text_of(read(*made["updates"])) == "".join(PIECES)
    assert read(*made["updates"]).get_state() == b"\x01" + var_uint(CLIENT) + var_uint(made["last"])


def test_pycrdt_reads_all_and_what_it_lacks() -> None:
    made = written()
    everything, without_type, without_first = made["since"]
    first = made["updates"][0]
    assert text_of(read(everything)) == "".join(PIECES)
    # Yjs skips the items that a document has already.
    assert text_of(read(first, without_type)) == "".join(PIECES)
    assert text_of(read(first, without_first)) == "".join(PIECES)
    assert text_of(read(everything, made["empty"], everything)) == "".join(PIECES)


def test_two_clients_write_beside_each_other() -> None:
    made = ask(
        """
        const [one, two] = [new m.GrowingText(7, "marks-a"), new m.GrowingText(8, "marks-b")]
        answer = [one.append("a1"), two.append("b1"), one.append("a2")].map(hex)
        """
    )
    doc = read(*made)
    assert {key: str(text) for key, text in doc["content"].items()} == {
        "marks-a": "a1a2",
        "marks-b": "b1",
    }


def test_it_reads_the_state_vector_of_pycrdt() -> None:
    doc = read(*written()["updates"])
    doc["content"]["own"] = Text("mine")
    clocks = ask("answer = [...m.readStateVector(bytes(given.sv))]", sv=doc.get_state().hex())
    assert dict(clocks) == {CLIENT: written()["last"], doc.client_id: 5}


def test_its_frames_are_those_of_the_sync_protocol() -> None:
    frames = ask(
        """
        answer = [m.step1(new Map([[7, 3]])), m.step2([0, 0]), m.update([1, 2, 3])].map(
          (frame) => hex(new Uint8Array(frame)))
        """
    )
    found = [message for frame in frames for message in sync_messages(bytes.fromhex(frame))]
    assert found == [(0, b"\x01\x07\x03"), (1, b"\x00\x00"), (2, b"\x01\x02\x03")]


def test_it_reads_several_messages_in_one_frame() -> None:
    awareness = b"\x01" + var_bytes(b"abc")
    frame = b"\x00\x00" + var_bytes(b"\x00") + awareness + b"\x00\x02" + var_bytes(b"u" * 200)
    found = ask(
        """
        answer = m.messages(bytes(given.frame).buffer).map(
          ({ kind, bytes: body }) => [kind, body.length])
        """,
        frame=frame.hex(),
    )
    assert found == [["step1", 1], ["other", 3], ["update", 200]]
    assert [kind for kind, _ in sync_messages(frame)] == [0, 2]


@pytest.mark.parametrize("number", [0, 127, 128, 2**31, 2**53 - 1])
def test_numbers_have_the_same_bytes(number: int) -> None:
    made = ask("answer = hex(m.varUint(given.number))", number=number)
    assert bytes.fromhex(made) == var_uint(number)
    assert read_var_uint(bytes.fromhex(made), 0) == (number, len(made) // 2)
