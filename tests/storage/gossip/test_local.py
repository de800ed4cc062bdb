"""Gossip over a Unix socket: its broker dies or freezes, its files are lost, its peers are slow."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from collab.ports.gossip import LOST
from storage.gossip import local
from storage.gossip.bus_connection import MOST_WAITING
from storage.gossip.bus_frames import MOST_MESSAGE, VERSION, Kind, encode_frame
from storage.gossip.bus_socket import BusSocket
from storage.gossip.local import LocalGossip
from tests.patience import eventually
from tests.storage.gossip.heard import Heard

pytestmark = pytest.mark.thorough


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(local, "_RETRY_SECONDS", 0.01)


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[LocalGossip]:
    gossip = LocalGossip(path)
    task = asyncio.create_task(gossip.run(), name="gossip")
    try:
        await eventually(lambda: gossip.is_connected)
        yield gossip
    finally:
        task.cancel()
        await asyncio.wait([task])


class BusProcess:
    """Another process on the bus."""

    def __init__(self, path: Path, channel: str) -> None:
        command = (sys.executable, "-m", "tests.storage.gossip.bus_process", str(path), channel)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def publish(self, message: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(message + "\n")
        self.process.stdin.flush()

    async def until(self, line: str) -> None:
        """Read what the process prints, up to this line."""
        assert self.process.stdout is not None
        while (found := await asyncio.to_thread(self.process.stdout.readline)) != line + "\n":
            assert found, f"the process ended before it printed {line}"


@contextmanager
def another_process(path: Path, channel: str = "home") -> Iterator[BusProcess]:
    other = BusProcess(path, channel)
    with other.process:
        try:
            yield other
        finally:
            other.process.kill()


async def test_the_others_get_lost_and_continue_when_the_broker_ends(tmp_path: Path) -> None:
    broker = LocalGossip(tmp_path / "bus")
    task = asyncio.create_task(broker.run(), name="broker")
    await eventually(lambda: broker.is_connected)
    async with running(tmp_path / "bus") as one, running(tmp_path / "bus") as two:
        heard = Heard(two, "home")
        await heard.lost()
        heard.waiting()
        task.cancel()
        await asyncio.wait([task])
        await heard.lost()
        own = Heard(one, "home")
        await own.lost()
        one.publish("home", b"1")
        assert await heard.next() == b"1"
        assert await own.next() == b"1"


async def test_a_message_while_no_process_is_the_broker_becomes_lost(tmp_path: Path) -> None:
    gossip = LocalGossip(tmp_path / "bus")
    gossip.publish("home", b"early")
    assert not gossip.is_connected
    assert not await gossip.ping()
    async with running(tmp_path / "bus") as broker:
        heard = Heard(broker, "home")
        await heard.lost()
        heard.waiting()
        task = asyncio.create_task(gossip.run(), name="late")
        await heard.lost()
        task.cancel()
        await asyncio.wait([task])


async def test_a_large_message_arrives_and_one_that_is_too_large_becomes_lost(
    tmp_path: Path,
) -> None:
    async with running(tmp_path / "bus") as here, running(tmp_path / "bus") as there:
        heard = Heard(there, "home")
        await heard.lost()
        heard.waiting()
        large = os.urandom(1024) * (MOST_MESSAGE // 1024)
        here.publish("home", large)
        assert await heard.next() == large
        here.publish("home", large + b"x")
        await heard.lost()


async def test_a_process_that_does_not_read_delays_no_other_and_hears_of_its_loss(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bus"
    async with running(path) as here, running(path) as there:
        reader, writer = await asyncio.open_unix_connection(path, limit=1024)
        hello, subscribe = encode_frame(Kind.HELLO, message=VERSION), Kind.SUBSCRIBE
        writer.write(hello + encode_frame(subscribe, "home"))
        confirmed = encode_frame(Kind.SUBSCRIBED, "home")
        assert await reader.readexactly(len(hello + confirmed)) == hello + confirmed
        heard = Heard(there, "home")
        await heard.lost()
        piece = bytes(64 * 1024)
        messages = 2 * MOST_WAITING // len(piece)
        for _ in range(messages):
            here.publish("home", piece)
            assert await heard.next() == piece
        last = encode_frame(Kind.MESSAGE, "home", LOST)
        full = encode_frame(Kind.MESSAGE, "home", piece)
        came = bytearray()
        while not came.endswith(last):
            came += await reader.read(1 << 20)
        assert MOST_WAITING <= len(came) < messages * len(full), "not all, and LOST at the end"
        here.publish("home", b"next")
        frame = encode_frame(Kind.MESSAGE, "home", b"next")
        assert await reader.readexactly(len(frame)) == frame
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(100),
        b"\xff" * 100,
        encode_frame(Kind.SUBSCRIBE, "home"),
        encode_frame(Kind.MESSAGE, "home", b"forged"),
        encode_frame(Kind.HELLO, message=b"weft-bus-2"),
        encode_frame(Kind.HELLO, message=VERSION) + encode_frame(Kind.SUBSCRIBED, "home"),
        encode_frame(Kind.HELLO, message=VERSION) + b"\x05\0\0\0\x02\0\0\0\0\xff\xfe",
        encode_frame(Kind.HELLO, message=VERSION) + b"\x05\0\0\0\x02\xff\xff\xff\xff",
    ],
)
async def test_bytes_that_are_no_frames_close_their_connection_only(
    tmp_path: Path, sent: bytes
) -> None:
    async with running(tmp_path / "bus") as here, running(tmp_path / "bus") as there:
        heard = Heard(there, "home")
        await heard.lost()
        heard.waiting()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "bus")
        writer.write(sent)
        with suppress(ConnectionResetError):
            assert len(await reader.read()) <= len(encode_frame(Kind.HELLO, message=VERSION))
        writer.close()
        here.publish("home", b"1")
        assert await heard.next() == b"1"
        assert there.is_connected


async def test_random_bytes_at_both_ends_close_their_connection_only(tmp_path: Path) -> None:
    path = tmp_path / "bus"
    async with running(path) as here, running(path) as there:
        for seed in range(200):
            stranger = socket.socket(socket.AF_UNIX)
            stranger.connect(str(path))
            stranger.send(bytes((seed * k) % 256 for k in range(seed)))
            stranger.close()
            await asyncio.sleep(0)  # the broker accepts, and its backlog stays short
        heard = Heard(there, "home")
        await heard.lost()
        here.publish("home", b"1")
        assert await heard.next() == b"1"


async def test_a_broker_of_another_release_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bus"
    gossip = LocalGossip(path)
    async with running(path):
        monkeypatch.setattr(local, "VERSION", b"weft-bus-0")
        task = asyncio.create_task(gossip.run(), name="older")
        await eventually(lambda: gossip._has_fault)
        assert not gossip.is_connected
        monkeypatch.setattr(local, "VERSION", VERSION)
        await eventually(lambda: gossip.is_connected)
        task.cancel()
        await asyncio.wait([task])


async def test_a_removed_socket_file_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "bus"
    async with running(path) as here, running(path) as there:
        heard = Heard(there, "home")
        await heard.lost()
        path.unlink()
        await eventually(path.exists)
        async with running(path) as third:
            third.publish("home", b"1")
            assert await heard.next() == b"1"
            assert here.is_connected


async def test_a_broker_makes_a_removed_lock_file_again(tmp_path: Path) -> None:
    async with running(tmp_path / "bus") as here:
        await eventually(lambda: here.is_connected)
        (tmp_path / "bus-lock").unlink()
        await eventually((tmp_path / "bus-lock").exists)
        await eventually(lambda: here.is_connected)


async def test_processes_join_again_when_the_lock_file_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "bus"
    async with running(path) as here, running(path) as there:
        heard = Heard(there, "home")
        await heard.lost()
        (tmp_path / "bus-lock").unlink()
        async with running(path) as third:
            gossips = here, there, third
            await eventually(lambda: sum(each._broker is not None for each in gossips) == 1)
            await eventually((tmp_path / "bus-lock").exists)
            await eventually(lambda: all(each.is_connected for each in gossips))
            own = Heard(here, "own")
            await own.lost()
            third.publish("own", b"1")
            assert await own.next() == b"1"


def test_a_broker_without_its_lock_file_leaves_the_socket_of_the_next_one(tmp_path: Path) -> None:
    first, second = BusSocket(tmp_path / "bus"), BusSocket(tmp_path / "bus")
    assert first.acquire()
    first.bind().close()
    assert not second.acquire()
    (tmp_path / "bus-lock").unlink()
    assert second.acquire()
    assert [first.holds_lock, second.holds_lock] == [False, True]
    first.release()
    assert (tmp_path / "bus").exists(), "the process with the new lock replaces it"
    second.bind().close()
    assert second.is_bound
    second.release()
    assert not (tmp_path / "bus").exists()


async def test_a_stale_socket_file_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "bus"))
    async with running(tmp_path / "bus") as gossip:
        assert await gossip.ping()
    assert not (tmp_path / "bus").exists(), "a broker that ends removes its file"


async def test_only_the_user_may_connect(tmp_path: Path) -> None:
    async with running(tmp_path / "bus"):
        modes = {
            each.name: each.stat(follow_symlinks=False).st_mode & 0o777
            for each in os.scandir(tmp_path)
        }
        assert modes == {"bus": 0o600, "bus-lock": 0o600}


@pytest.mark.parametrize("name", ["bus", "b" * 200])
async def test_a_path_of_any_length_works(tmp_path: Path, name: str) -> None:
    folder = tmp_path / ("long" * 30) / ("long" * 30)
    folder.mkdir(parents=True)
    path = folder / name
    async with running(path) as here, running(path) as there:
        heard = Heard(there, "home")
        await heard.lost()
        here.publish("home", b"1")
        assert await heard.next() == b"1"
        assert here.is_connected


async def test_a_folder_that_does_not_exist_yet_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_LOOK_SECONDS", 0.0)
    gossip = LocalGossip(tmp_path / "later" / "bus")
    task = asyncio.create_task(gossip.run(), name="gossip")
    for _ in range(10):
        await asyncio.sleep(0)
    assert not gossip.is_connected
    [logged] = caplog.messages
    assert logged.endswith(f"No such file or directory: {tmp_path}/later/bus-lock")
    (tmp_path / "later").mkdir()
    await eventually(lambda: gossip.is_connected)
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.real
async def test_a_killed_broker_is_replaced_within_a_second(tmp_path: Path) -> None:
    path = tmp_path / "bus"
    with another_process(path) as killed:
        await killed.until("LOST")
        async with running(path) as here:
            heard = Heard(here, "home")
            await heard.lost()
            with another_process(path) as third:
                await third.until("LOST")
                heard.waiting()
                killed.process.send_signal(signal.SIGKILL)
                await heard.lost()
                await third.until("LOST")
                await eventually(lambda: here.is_connected)
                third.publish("after")
                assert await heard.next() == b"after"
                here.publish("home", b"back")
                await third.until("+ back")


@pytest.mark.real
async def test_a_frozen_broker_is_noticed_and_nothing_is_lost_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_SILENCE_SECONDS", 0.3)
    monkeypatch.setattr(local, "_ANSWER_SECONDS", 0.3)
    path = tmp_path / "bus"
    with another_process(path) as broker:
        await broker.until("LOST")
        async with running(path) as here:
            heard = Heard(here, "home")
            await heard.lost()
            broker.process.send_signal(signal.SIGSTOP)
            try:
                await eventually(lambda: not here.is_connected)
                assert not await here.ping()
                for n in range(20):
                    here.publish("home", b"frozen %d" % n)
                late = Heard(here, "away")
            finally:
                broker.process.send_signal(signal.SIGCONT)
            assert [await heard.next() for _ in range(20)] == [b"frozen %d" % n for n in range(20)]
            await late.lost()
            assert here.is_connected
            assert await here.ping()


@pytest.mark.real
async def test_what_does_not_fit_while_the_broker_is_frozen_becomes_lost(tmp_path: Path) -> None:
    path = tmp_path / "bus"
    with another_process(path) as broker:
        await broker.until("LOST")
        async with running(path) as here:
            heard = Heard(here, "home")
            await heard.lost()
            heard.waiting()
            broker.process.send_signal(signal.SIGSTOP)
            try:
                for _ in range(2 * MOST_WAITING // 65_536):
                    here.publish("away", bytes(65_536))
                here.publish("home", b"too much")
                begun = Heard(here, "begun")
                ended = Heard(here, "away")
                ended.end()
            finally:
                broker.process.send_signal(signal.SIGCONT)
            await heard.lost()
            await begun.lost()
            here.publish("home", b"1")
            assert await heard.next() == b"1"


@pytest.mark.real
async def test_a_frozen_process_delays_no_other(tmp_path: Path) -> None:
    path = tmp_path / "bus"
    async with running(path) as here, running(path) as there:
        heard = Heard(there, "home")
        await heard.lost()
        with another_process(path) as frozen:
            await frozen.until("LOST")
            frozen.process.send_signal(signal.SIGSTOP)
            piece = bytes(64 * 1024)
            for _ in range(2 * MOST_WAITING // len(piece)):
                here.publish("home", piece)
                assert await heard.next() == piece
            assert here.is_connected
            frozen.process.send_signal(signal.SIGCONT)
            await frozen.until("LOST")
