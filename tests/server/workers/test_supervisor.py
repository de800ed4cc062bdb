"""The parent of the workers, with workers that the test ends and stops as it likes."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from server.runtime.settings import Settings
from server.startup import CANNOT_START
from server.workers import supervisor
from server.workers.exchange import (
    Assignment,
    FromParent,
    FromWorker,
    Question,
    Ready,
    Replies,
    Reply,
)
from server.workers.listening import bind_sockets
from server.workers.supervisor import MOST_DEATHS, Supervisor
from server.workers.worker_process import WorkerProcess
from storage.gossip.local import LocalGossip
from tests.held_store import until
from tests.patience import eventually
from tests.storage.gossip.heard import Heard

SETTINGS = Settings(workers=3)


class FakeWorker:
    """A worker without a process."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.pid = 1000 + assignment.worker
        self.signals: list[signal.Signals] = []
        self.hangs = False
        self.was_ready = False
        self.is_replaced = False
        self.sent: list[FromParent] = []
        self._said: asyncio.Queue[FromWorker | None] = asyncio.Queue()
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def messages(self) -> AsyncIterator[FromWorker]:
        while message := await self._said.get():
            yield message

    def send(self, message: FromParent) -> None:
        self.sent.append(message)

    async def until_ended(self) -> int:
        return await asyncio.shield(self._ended)

    def stop(self) -> None:
        self.send_signal(signal.SIGTERM)

    def send_signal(self, number: signal.Signals) -> None:
        self.signals.append(number)
        if number == signal.SIGKILL or (number == signal.SIGTERM and not self.hangs):
            self.end(0 if number == signal.SIGTERM else -number)

    def say(self, message: FromWorker) -> None:
        self._said.put_nowait(message)

    def be_ready(self) -> None:
        self.say(Ready(f"worker {self.assignment.worker}"))

    def end(self, code: int) -> None:
        self._said.put_nowait(None)
        if not self._ended.done():
            self._ended.set_result(code)


class Scene:
    """A running parent, and the workers that it has started."""

    def __init__(self, settings: Settings, bus: Path | None = None) -> None:
        self.sockets = bind_sockets("127.0.0.1", 0)
        self.supervisor = Supervisor(settings, self.sockets, bus)
        self.started: list[FakeWorker] = []
        self.task = asyncio.create_task(self.supervisor.run(), name="parent")

    async def start(self, assignment: Assignment, sockets: Sequence[socket.socket]) -> FakeWorker:
        worker = FakeWorker(assignment)
        self.started.append(worker)
        return worker

    @property
    def numbers(self) -> list[int]:
        return [each.assignment.worker for each in self.started]

    async def next(self, count: int) -> FakeWorker:
        """Wait until so many workers have been started. Return the last one."""
        await until(lambda: len(self.started) == count)
        return self.started[-1]

    async def all_ready(self) -> None:
        (await self.next(1)).be_ready()
        await self.next(3)
        for each in self.started[1:]:
            each.be_ready()
        await until(lambda: all(each.is_set() for each in self.supervisor._ready.values()))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_FIRST_WAIT", 0.0)
    monkeypatch.setattr(supervisor, "_LONGEST_WAIT", 0.0)


@pytest.fixture
async def running(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Callable[[Settings], Scene]]:
    scenes: list[Scene] = []

    def run(settings: Settings = SETTINGS) -> Scene:
        scene = Scene(settings)
        monkeypatch.setattr(WorkerProcess, "start", scene.start)
        scenes.append(scene)
        return scene

    yield run
    for scene in scenes:
        if not scene.task.done():
            scene.supervisor._stop(signal.SIGTERM)
            await scene.task
        assert all(each.fileno() == -1 for each in scene.sockets), "no socket is left open"


@asynccontextmanager
async def started(running: Callable[[Settings], Scene]) -> AsyncIterator[Scene]:
    scene = running(SETTINGS)
    await scene.all_ready()
    yield scene


async def test_the_first_worker_is_ready_before_the_others_start(
    running: Callable[[Settings], Scene], capsys: pytest.CaptureFixture[str]
) -> None:
    scene = running(SETTINGS)
    first = await scene.next(1)
    assert first.assignment.creates_demo
    first.be_ready()
    await scene.next(3)
    assert scene.numbers == [1, 2, 3]
    assert [each.assignment.creates_demo for each in scene.started] == [True, False, False]
    for each in scene.started[1:]:
        each.be_ready()
    await until(lambda: all(each.is_set() for each in scene.supervisor._ready.values()))
    assert capsys.readouterr().out == "worker 1\n", "the message is printed once"


async def test_a_worker_that_dies_is_replaced(
    running: Callable[[Settings], Scene], capsys: pytest.CaptureFixture[str]
) -> None:
    async with started(running) as scene:
        scene.started[1].end(-signal.SIGKILL)
        again = await scene.next(4)
        assert again.assignment.worker == 2
        assert not again.assignment.creates_demo
        again.be_ready()
        await until(scene.supervisor._ready[2].is_set)
        assert capsys.readouterr().out == "worker 1\n"
        assert scene.started[0].signals == scene.started[2].signals == []


async def test_a_worker_that_cannot_start_is_tried_while_others_serve(
    running: Callable[[Settings], Scene],
) -> None:
    async with started(running) as scene:
        scene.started[2].end(1)
        for count in range(4, 4 + 3 * MOST_DEATHS):
            (await scene.next(count)).end(CANNOT_START)
        assert not scene.supervisor._stopping.is_set()


async def test_the_server_gives_up_when_no_worker_is_ready(
    running: Callable[[Settings], Scene], capsys: pytest.CaptureFixture[str]
) -> None:
    scene = running(SETTINGS)
    for count in range(1, MOST_DEATHS + 1):
        (await scene.next(count)).end(-signal.SIGSEGV)
    assert await scene.task == CANNOT_START
    assert scene.numbers == [1] * MOST_DEATHS
    assert "worker 1 has ended again and again (signal SIGSEGV)" in capsys.readouterr().err


async def test_a_first_worker_that_says_why_it_cannot_start_is_not_tried_again(
    running: Callable[[Settings], Scene],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = running(SETTINGS)
    (await scene.next(1)).end(CANNOT_START)
    assert await scene.task == CANNOT_START
    assert scene.numbers == [1]
    assert "worker 1 cannot start" in capsys.readouterr().err
    assert caplog.messages == ["worker 1 has ended (exit code 3)"]


async def test_a_stop_stops_every_worker_once(running: Callable[[Settings], Scene]) -> None:
    async with started(running) as scene:
        scene.supervisor._stop(signal.SIGTERM)
        scene.supervisor._stop(signal.SIGTERM)
        assert await scene.task == 0
        assert [each.signals for each in scene.started] == [[signal.SIGTERM]] * 3


async def test_a_second_ctrl_c_does_not_wait(running: Callable[[Settings], Scene]) -> None:
    async with started(running) as scene:
        scene.started[1].hangs = True
        scene.supervisor._stop(signal.SIGINT)
        await until(lambda: len(scene.supervisor._workers) == 1)
        scene.supervisor._stop(signal.SIGINT)
        assert scene.started[1].signals == [signal.SIGTERM, signal.SIGINT]
        scene.started[1].end(1)
        assert await scene.task == 130


async def test_a_worker_that_does_not_stop_is_killed(
    running: Callable[[Settings], Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_LATE_SECONDS", 0.0)
    scene = running(replace(SETTINGS, drain_seconds=0.01))
    await scene.all_ready()
    scene.started[2].hangs = True
    scene.supervisor._stop(signal.SIGTERM)
    assert await scene.task == 0
    assert scene.started[2].signals == [signal.SIGTERM, signal.SIGKILL]


async def test_a_worker_that_starts_during_the_stop_is_killed_when_it_hangs(
    running: Callable[[Settings], Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_LATE_SECONDS", 0.0)
    scene = running(replace(SETTINGS, drain_seconds=0.01))
    begun, may_start = asyncio.Event(), asyncio.Event()

    async def start_late(assignment: Assignment, sockets: Sequence[socket.socket]) -> FakeWorker:
        begun.set()
        await may_start.wait()
        worker = await scene.start(assignment, sockets)
        worker.hangs = True
        return worker

    monkeypatch.setattr(WorkerProcess, "start", start_late)
    await begun.wait()
    scene.supervisor._stop(signal.SIGTERM)
    await asyncio.sleep(0)
    may_start.set()
    assert await scene.task == 0
    assert scene.started[0].signals == [signal.SIGTERM, signal.SIGKILL]


async def test_a_stop_while_a_worker_starts_stops_it_too(
    running: Callable[[Settings], Scene],
) -> None:
    scene = running(SETTINGS)
    await scene.next(1)
    scene.supervisor._stop(signal.SIGTERM)
    assert await scene.task == 0
    assert scene.numbers == [1]
    assert scene.started[0].signals == [signal.SIGTERM]


async def test_a_worker_that_ends_before_it_is_ready_has_failed(
    running: Callable[[Settings], Scene],
) -> None:
    scene = running(SETTINGS)
    for count in range(1, MOST_DEATHS + 1):
        (await scene.next(count)).end(0)
    assert await scene.task == CANNOT_START


async def test_a_restart_kills_a_worker_that_does_not_stop(
    running: Callable[[Settings], Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_LATE_SECONDS", 0.0)
    scene = running(replace(SETTINGS, drain_seconds=0.01))
    await scene.all_ready()
    scene.started[0].hangs = True
    async with asyncio.TaskGroup() as group:
        scene.supervisor._restart(group)
        await eventually(lambda: len(scene.started) == 4)
        for count in (4, 5, 6):
            (await scene.next(count)).be_ready()
    assert scene.started[0].signals == [signal.SIGTERM, signal.SIGKILL]


async def test_a_restart_replaces_one_worker_after_the_other(
    running: Callable[[Settings], Scene], caplog: pytest.LogCaptureFixture
) -> None:
    async with started(running) as scene, asyncio.TaskGroup() as group:
        scene.supervisor._restart(group)
        scene.supervisor._restart(group)  # the first one has not ended
        for number in (1, 2, 3):
            again = await scene.next(3 + number)
            assert again.assignment.worker == number
            ready = [one for one, event in scene.supervisor._ready.items() if event.is_set()]
            assert ready == [one for one in (1, 2, 3) if one != number], "the others serve"
            again.be_ready()
        await until(lambda: all(each.is_set() for each in scene.supervisor._ready.values()))
        assert scene.numbers == [1, 2, 3, 1, 2, 3]
        assert [each.message for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_restart_of_a_worker_that_still_starts_is_no_death(
    running: Callable[[Settings], Scene], caplog: pytest.LogCaptureFixture
) -> None:
    scene = running(replace(SETTINGS, workers=1))
    await scene.next(1)
    async with asyncio.TaskGroup() as group:
        scene.supervisor._restart(group)
        (await scene.next(2)).be_ready()
    assert scene.started[0].signals == [signal.SIGTERM]
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == []


def test_a_restart_signal_before_the_workers_start_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("server.runtime.logs.configure", lambda level, format: None)
    before = signal.getsignal(signal.SIGUSR1)
    try:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            settings = replace(
                SETTINGS,
                port=taken.getsockname()[1],
                database=f"sqlite+aiosqlite:///{tmp_path}/weft.db",
            )
            assert supervisor.serve(settings) == CANNOT_START
        assert "weft: cannot listen on " in capsys.readouterr().err
        assert signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR1, before)


async def test_no_restart_begins_during_the_stop(running: Callable[[Settings], Scene]) -> None:
    async with started(running) as scene, asyncio.TaskGroup() as group:
        scene.supervisor._stop(signal.SIGTERM)
        scene.supervisor._restart(group)
        assert scene.supervisor._restarting is None


async def test_the_parent_carries_the_messages_of_its_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(SETTINGS, tmp_path / "bus")
    monkeypatch.setattr(WorkerProcess, "start", scene.start)
    await scene.all_ready()
    assert {each.assignment.bus for each in scene.started} == {str(tmp_path / "bus")}
    one, two = LocalGossip(tmp_path / "bus"), LocalGossip(tmp_path / "bus")
    tasks = [asyncio.create_task(each.run()) for each in (one, two)]
    heard = Heard(two, "home")
    await heard.lost()
    await eventually(lambda: one.is_connected)
    assert one._broker is two._broker is None
    one.publish("home", b"1")
    assert await heard.next() == b"1"
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    scene.supervisor._stop(signal.SIGTERM)
    assert await scene.task == 0


async def test_a_worker_that_another_process_stops_is_replaced(
    running: Callable[[Settings], Scene],
) -> None:
    async with started(running) as scene:
        scene.started[0].end(0)
        assert (await scene.next(4)).assignment.worker == 1


async def test_a_question_reaches_the_ready_workers_and_its_replies_come_back(
    running: Callable[[Settings], Scene],
) -> None:
    async with started(running) as scene:
        one, two, three = scene.started
        three.end(1)
        await scene.next(4)
        two.say(Question(7, 0, "metrics", "text/plain"))
        await until(lambda: one.sent and two.sent)
        for number, worker in ((1, one), (2, two)):
            [asked] = worker.sent
            assert isinstance(asked, Question)
            assert (asked.name, asked.argument) == ("metrics", "text/plain")
            worker.say(Reply(asked.id, f"of {number}"))
        await until(lambda: len(two.sent) == 2)
        assert two.sent[1] == Replies(7, {1: "of 1", 2: "of 2"})
