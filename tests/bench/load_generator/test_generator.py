"""The load generator counts every delivery, and refuses a run that lacks one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText, merge_updates

from bench.load_generator import generator, yjs_edits
from bench.load_generator.generator import Result, Times
from bench.load_generator.plan import READER, Client, Plan
from collab.yjs.lib0 import Reader
from tests.bench.load_generator.fake_server import (
    Relay,
    fake_server,
    frame,
    relay_all,
    update_frame,
)

pytestmark = pytest.mark.real

EDITS = 300
READERS = 3


@pytest.fixture(scope="module", autouse=True)
def edition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the prepared edits of the tests apart from those of the benches."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bench.load_generator.edit_file.CACHE", tmp_path_factory.mktemp("cache"))
        yield


def run(relay: Relay = relay_all, **more: Any) -> Result:
    """Let one writer send edits to three readers of a fake server."""
    seed = yjs_edits.seed()
    with fake_server(relay) as port:
        clients = [
            Client(
                document=0,
                lane="yjs",
                path="/page",
                stream=READER if at else 0,
                seeds=at == 0,
                hello=() if at else (seed.message,),
            )
            for at in range(READERS + 1)
        ]
        wanted: dict[str, Any] = {
            "edits": yjs_edits.keystrokes(1, EDITS),
            "seed": (yjs_edits.SEED_CLIENT, seed.clock),
            "measure": 20.0,
            "drain": 0.2,
            **more,
        }
        return generator.run(Plan(port=port, documents=["page"], clients=clients, **wanted))


class Counting:
    """Changes what the readers get at one delivery, which has a number from 0 on."""

    def __init__(self, number: int, instead: list[bytes] | None = None, *, twice: bool = False):
        self.number, self.instead, self.twice = number, instead or [], twice
        self.count = 0

    def __call__(self, update: bytes, reader: int) -> list[bytes]:
        self.count += 1
        if self.count - 1 != self.number:
            return [update_frame(update)]
        return [update_frame(update)] * 2 if self.twice else self.instead


def merging(update: bytes, reader: int) -> list[bytes]:
    """Send three updates as one."""
    waiting = MERGED.setdefault(reader, [])
    waiting.append(update)
    if len(waiting) < 3:
        return []
    merged = merge_updates(*waiting)
    waiting.clear()
    return [update_frame(merged)]


MERGED: dict[int, list[bytes]] = {}


def test_every_delivery_of_a_window_is_counted() -> None:
    result = run(pids=[os.getpid()])
    assert (result.ok, result.error) == (True, "")
    assert (result.all_edits, result.all_deliveries) == (EDITS, EDITS * READERS)
    assert result.frames == result.deliveries
    assert result.latency.count == result.deliveries
    assert result.opening.count == READERS + 1
    assert 0 < result.own_cpu < result.seconds
    assert result.server_cpu[0] > 0


def test_edits_at_a_rate_keep_their_schedule() -> None:
    result = run(rate=500, warm=0.1, measure=0.3)
    assert (result.ok, result.error) == (True, "")
    assert 0 < result.edits <= 151
    assert result.late.count == result.edits
    assert result.all_deliveries == result.all_edits * READERS


def test_updates_that_the_server_has_merged_count_as_the_edits_in_them() -> None:
    MERGED.clear()
    result = run(merging)
    assert (result.ok, result.error) == (True, "")
    assert result.all_deliveries == EDITS * READERS
    assert result.frames * 3 == result.deliveries


def test_a_missing_delivery_fails_the_run() -> None:
    result = run(Counting(150))
    assert not result.ok
    assert result.error == "a client of page lacks 1 edits before edit 51"


def test_a_missing_last_delivery_fails_the_run() -> None:
    result = run(Counting(EDITS * READERS - 1))
    assert not result.ok
    assert result.error == "1 deliveries are missing after 0 s"


def test_an_update_that_comes_twice_counts_once() -> None:
    result = run(Counting(150, twice=True))
    assert result.ok
    assert result.all_deliveries == EDITS * READERS


def test_an_edit_that_was_not_sent_fails_the_run() -> None:
    later = list(yjs_edits._typing(0, EDITS, 0))[-1]
    result = run(Counting(0, [update_frame(later)]))
    assert result.error == f"a client got edit {EDITS - 1}, which was not sent"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (frame(b"\x11\x2cbudget", 0x88), "the server has closed a connection with 4396 budget"),
        (frame(b"half", 0x02), "a message comes in fragments"),
        (frame(b"\0\2\5\1\1\1"), "a message ends inside its bytes"),
        (frame(b"text", 0x81), "the server has sent a text to a Yjs client: text"),
        (frame(b"\2\0\4nope"), "the server has refused a client"),
    ],
    ids=["close", "fragment", "cut", "text", "denied"],
)  # fmt: skip
def test_a_frame_that_breaks_the_run_is_named(sent: bytes, error: str) -> None:
    assert run(Counting(10, [sent])).error.startswith(error)


def test_a_ping_is_answered_and_is_no_delivery() -> None:
    result = run(lambda update, _: [frame(b"are you there", 0x89), update_frame(update)])
    assert (result.ok, result.all_deliveries) == (True, EDITS * READERS)


def every_kind() -> Doc[Any]:
    """Return a document with each kind of content that yrs writes, also deleted and collected."""
    doc: Doc[Any] = Doc(client_id=yjs_edits.SEED_CLIENT)
    content = doc.get("content", type=Map)
    content["any"] = {"list": [None, True, False, 1, -70, 2**40, 0.5, "text"], "bytes": b"abc"}
    content["text"] = text = Text("Some words, 😀 and \u00e9")
    text.format(0, 4, {"bold": True})
    text.insert_embed(5, {"image": "a.png"})
    content["array"] = Array([1, 2, 3, Map({"in": Array()})])
    content["xml"] = fragment = XmlFragment()
    fragment.children.append(XmlElement("p", {"class": "a"}))
    fragment.children.append(XmlText("words"))
    content["former"] = Map({"inner": Text("gone")})
    content["inner document"] = Doc()
    del content["former"]
    del text[2:6]
    content["any"] = 2
    return doc


def test_every_kind_of_content_is_read() -> None:
    doc = every_kind()
    reader = Reader(doc.get_state())
    _, client, clock = reader.uint(), reader.uint(), reader.uint()
    seed = yjs_edits.Seed(doc.get_update(), clock)
    with fake_server() as port:
        clients = [
            Client(0, "yjs", "/page", seeds=True, hello=(seed.message,)),
            Client(0, "yjs", "/page"),
        ]
        result = generator.run(Plan(port, ["page"], clients, seed=(client, clock)))
    assert (result.ok, result.error) == (True, "")


def test_clients_connect_again_at_once() -> None:
    result = run(storm=READERS, measure=0.0)
    assert result.ok
    assert result.opening.count == READERS
    assert result.seconds > 0


def test_the_generator_waits_while_the_caller_works() -> None:
    called = []
    seed = yjs_edits.seed()
    with fake_server() as port:
        client = Client(0, "yjs", "/page", READER, True, hello=(seed.message,))
        plan = Plan(port, ["page"], [client], flags=frozenset({"hold"}))
        assert generator.run(plan, lambda: called.append(True)).ok
    assert called == [True]


def test_a_server_that_is_gone_is_named() -> None:
    with fake_server() as port:
        pass
    plan = Plan(port, ["page"], [Client(0, "yjs", "/page")])
    assert generator.run(plan).error == "connect: Connection refused"


def test_the_program_is_compiled_when_its_sources_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[list[str]] = []

    def compile_none(_command: str, made: Path, sources: list[str]) -> None:
        compiled.append([Path(source).name for source in sources])
        made.write_text("")

    source = tmp_path / "main.c"
    monkeypatch.setattr(generator, "CACHE", tmp_path)
    monkeypatch.setattr(generator, "SOURCES", tmp_path)
    monkeypatch.setattr(generator, "_compile", compile_none)
    build = generator.program.__wrapped__
    source.write_text("int one;")
    first = build()
    assert build() == first
    source.write_text("int two;")
    assert build() != first
    assert compiled == [["main.c"]] * 2


# --- what counts ----------------------------------------------------------------------------


def result_of(**more: Any) -> Result:
    times = Times()
    given: dict[str, Any] = {
        "ok": True,
        "error": "",
        "seconds": 2.0,
        **dict.fromkeys(("edits", "deliveries", "all_edits", "all_deliveries"), 1),
        "frames": 0,
        "own_cpu": 1.0,
        "server_cpu": [1.0],
        **dict.fromkeys(("latency", "late", "opening"), times),
    }
    return Result(**{**given, **more})


def test_a_generator_at_its_limit_is_refused_at_saturation() -> None:
    busy = result_of(own_cpu=1.84)
    assert busy.refusal(0) == "the load generator was the bottleneck: it used 92 % of its core"
    assert busy.refusal(100) == ""
    assert result_of(own_cpu=1.78).refusal(0) == ""


def test_a_late_generator_is_refused_at_a_fixed_rate() -> None:
    late = result_of(late=Times(100, 1, 2, 1_500))
    assert late.refusal(100) == "the load generator was late: 1 of 100 edits by 1.5 ms"
    assert late.refusal(0) == ""


def test_an_error_is_the_refusal() -> None:
    assert result_of(ok=False, error="1 deliveries are missing").refusal(0).startswith("1 ")
