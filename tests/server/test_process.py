"""The process: what it does before it serves clients."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from collab.errors import Refusal
from server import process
from server.broadcast.close_reasons import IN_TROUBLE
from server.demo import seed
from server.runtime import collector
from server.runtime.settings import Settings
from server.services import Services
from server.startup import CANNOT_START
from server.workers.listening import bind_sockets
from storage.memory.store import MemoryStore


async def test_collections_never_visit_the_objects_of_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    async def create_documents(services: Services) -> None:
        done.append("pages")

    monkeypatch.setattr(seed, "create_documents", create_documents)
    monkeypatch.setattr(collector, "freeze_startup_objects", lambda: done.append("freeze"))
    server = process.server_of(Settings(demo=True, log_level="debug"), MemoryStore())
    app = server.config.app
    assert done == []
    async with app.router.lifespan_context(app):  # type: ignore[union-attr]  # it is ours
        assert done == ["pages", "freeze"]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what `run` changes in the process."""
    monkeypatch.setattr(collector, "freeze_startup_objects", lambda: None)
    interval, handler = sys.getswitchinterval(), signal.getsignal(signal.SIGTERM)
    yield
    sys.setswitchinterval(interval)
    signal.signal(signal.SIGTERM, handler)


@pytest.mark.usefixtures("alone")
def test_a_process_whose_task_has_failed_ends_with_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)

    async def fail() -> None:
        raise RuntimeError("a bug of ours")

    late: list[str] = []

    def stop_late() -> None:  # otherwise this test would never end
        late.append("the process serves without its task")
        signal.raise_signal(signal.SIGTERM)

    async def announce(services: Services, text: str) -> None:
        services.group.create_task(fail(), name="commit loop")
        asyncio.get_running_loop().call_later(5, stop_late)

    settings = Settings(host="127.0.0.1", port=0, drain_seconds=0.1)
    assert process.run(settings, MemoryStore(), process.Part(announce=announce)) == 1
    assert late == []
    assert "a bug of ours" in caplog.text


@pytest.mark.parametrize("waits", [True, False])
async def test_without_its_commit_loop_a_process_waits_for_no_commit(waits: bool) -> None:
    refused: list[Refusal] = []
    live = SimpleNamespace(refuse_waiting=refused.append)

    async def committed() -> None:
        if waits:
            await asyncio.Event().wait()

    hub = SimpleNamespace(draining=False, lives={}, every=lambda _: [live] if waits else [])
    services = SimpleNamespace(
        settings=Settings(drain_seconds=1000),
        hub=hub,
        commits=SimpleNamespace(drain=committed),
        monitor=SimpleNamespace(last_rows_within=1.0),
    )
    async with asyncio.timeout(5):
        await process.drain(cast(Services, services), can_commit=False)
    assert hub.draining
    assert refused == ([IN_TROUBLE] if waits else [])
    assert services.monitor.last_rows_within == 0.0, "no snapshot was saved either"


@pytest.mark.usefixtures("alone")
def test_a_stopped_process_ends_without_an_error() -> None:
    async def announce(services: Services, text: str) -> None:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)

    settings = Settings(host="127.0.0.1", port=0, drain_seconds=0.1)
    assert process.run(settings, MemoryStore(), process.Part(announce=announce)) == 0


@pytest.mark.usefixtures("alone")
def test_two_parents_that_bind_one_port_get_a_clear_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    [first] = bind_sockets("127.0.0.1", 0)
    port = first.getsockname()[1]
    [second] = bind_sockets("127.0.0.1", port)
    with first, second:
        first.listen()
        settings = Settings(host="127.0.0.1", port=port)
        with pytest.raises(SystemExit) as ended:
            process.run(settings, MemoryStore(), process.Part(sockets=[second]))
    assert ended.value.code == CANNOT_START
    assert f"Weft cannot start: another program listens on port {port} of 127.0.0.1" in caplog.text
