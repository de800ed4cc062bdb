"""A slow reader catches up by one merged change and has the right value."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import Join
from tests.live.farewell import until_let_go
from tests.patch_client import PatchClient
from tests.running import UNLIMITED, RunningServer

LONG = "a long line of text that changes often " * 250  # 10 KB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft"), env=UNLIMITED) as running:
        yield running


@pytest.fixture(params=[0, 6_000], ids=["small", "large"])
def ballast(request: pytest.FixtureRequest) -> dict[str, Any]:
    """More content: a thread compares the values when the document is large."""
    return {"list": [f"{number} {LONG[:50]}" for number in range(request.param)]}


async def _fill(writer: PatchClient, edits: int) -> None:
    """Make edits that together exceed the buffers of a stopped socket."""
    for number in range(edits):
        await writer.set("/text", f"{number} {LONG}")


async def _edit(writer: PatchClient) -> None:
    for _ in range(10):
        await writer.set("/text", f"{writer.version} {LONG}")


def _of(client: PatchClient, kind: str) -> list[Any]:
    return [message for message in client.others if message["type"] == kind]


async def test_a_stopped_reader_gets_one_merged_change_when_it_reads_again(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str, ballast: dict[str, Any]
) -> None:
    writer = await join(doc, ada, create={"text": "", "n": 0, **ballast})
    slow = await join(doc, bo, read=False)
    slow.socket.transport.pause_reading()
    await _fill(writer, 600)
    slow.socket.transport.resume_reading()
    slow.start_reading()
    await slow.until_version(601, 20)
    assert slow.value == writer.value
    merged = [change for change in slow.changes if "from" in change]
    assert len(merged) <= 3, "one catch-up, and some more if edits came meanwhile"
    assert sum(change["version"] - change["from"] for change in merged) > 100
    await slow.until(lambda: len(_of(slow, "backpressure")) >= 2)
    states = [message["state"] for message in _of(slow, "backpressure")]
    assert states[0] == "on"
    assert states[-1] == "clear"
    [on] = [m for m in _of(slow, "backpressure") if m["state"] == "on"][:1]
    assert on["direction"] == "out"
    assert set(on["behind"]) == {"versions", "bytes"}
    assert set(on["budget"]) == {"bytes_per_second", "burst"}


async def test_its_own_answers_come_with_the_merged_change(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str, ballast: dict[str, Any]
) -> None:
    writer = await join(doc, ada, create={"text": "", "n": 0, **ballast})
    slow = await join(doc, bo, read=False)
    slow.socket.transport.pause_reading()
    await _fill(writer, 500)
    request = await slow.patch({"op": "replace", "path": "/n", "value": 5})
    refused = await slow.patch({"op": "remove", "path": "/gone"})
    await writer.until_version(502)
    await _fill(writer, 5)
    slow.socket.transport.resume_reading()
    slow.start_reading()
    await slow.until_version(507, 20)
    assert slow.acks[request]["version"] == 502
    await slow.until(lambda: refused in slow.rejects)
    assert slow.value == writer.value


async def test_max_fps_merges_changes_and_sends_the_newest_value(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    writer = await join(doc, ada, create={"n": 0})
    preview = await join(doc, bo, max_fps=5)
    for number in range(1, 101):
        await writer.patch({"op": "replace", "path": "/n", "value": number})
    await writer.until_version(101)
    await preview.until_version(101)
    assert preview.value == {"n": 100}
    assert len(preview.changes) < 20
    assert not _of(preview, "backpressure"), "its own pace is no backpressure"


async def test_a_reader_that_never_reads_is_closed(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env={**UNLIMITED, "WEFT_SLOW_SECONDS": "2"}) as server:
        writer = await PatchClient.connect(
            server.ws, "page", await server.mint("ada"), create={"text": ""}
        )
        slow = await PatchClient.connect(server.ws, "page", await server.mint("bo"), read=False)
        slow.socket.transport.pause_reading()
        await until_let_go(server, "bo", lambda: _edit(writer))
        slow.socket.transport.resume_reading()
        slow.start_reading()
        assert await slow.until_closed() == 4508
        notices = _of(slow, "disconnect_notice")
        assert [(n["code"], n["reason"]) for n in notices] == [(4508, "slow_consumer")]
        await writer.close()
        await slow.close()


async def test_in_a_large_document_a_paced_reader_that_edits_too_misses_nothing(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    held = [{"id": f"e{number}", "t": LONG} for number in range(40)]
    writer = await join(doc, ada, create={"held": held, "n": 0})
    paced = await join(doc, bo, max_fps=30, accept=["splice"])

    async def write() -> None:
        for number in range(150):
            await writer.set(f"/held/{number * 53 % 40}/t", f"{number}")

    async def write_back() -> None:
        for number in range(40):
            await paced.set("/n", number)

    await asyncio.gather(write(), write_back())
    for client in (writer, paced):
        await client.until_version(190)
        assert client.value == writer.value
    assert len(paced.acks) == 40
    assert any("from" in change for change in paced.changes), "several versions came as one"
