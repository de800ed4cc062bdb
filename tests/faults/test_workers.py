"""`weft serve --workers`: workers and their parent are killed, restarted and stopped under load."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import WebSocketException

from collab.rights.user_rights import Role
from tests.faults.editor import Editor
from tests.faults.editors import until_acked
from tests.faults.figures import record
from tests.faults.log_check import check_log, read_log
from tests.instances.watcher import NOTHING, Watcher
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.patience import PATIENCE, eventually
from tests.running import UNLIMITED, WEFT, RunningServer, free_port

TWO = {**UNLIMITED, "WEFT_WORKERS": "2"}
USERS = ("ada", "bo", "cy", "di", "ed", "fay")


def workers(server: RunningServer) -> dict[int, psutil.Process]:
    """Return the workers of a server by their numbers, as its log names them."""
    assert server.process is not None
    found = {}
    for line in server.log().splitlines():
        if '"message":"worker ' in line and '"pid":' in line:
            number = int(line.split('"message":"worker ')[1].split()[0])
            found[number] = int(line.split('"pid":')[1].split(",")[0].rstrip("}"))
    children = {each.pid: each for each in psutil.Process(server.process.pid).children()}
    return {number: children[pid] for number, pid in found.items() if pid in children}


async def until_ready(server: RunningServer, count: int = 2) -> dict[int, psutil.Process]:
    """Wait until so many workers have said that they are ready. Return them."""
    await eventually(lambda: len(workers(server)) == count)
    return workers(server)


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended, and is no zombie either."""
    return not psutil.pid_exists(process.pid)


def has_connections(process: psutil.Process, port: int) -> bool:
    """Whether a process has a connection of a client."""
    return any(
        each.laddr.port == port and each.status == psutil.CONN_ESTABLISHED
        for each in process.net_connections("tcp")
    )


async def connect_to_each(server: RunningServer, doc: str, token: str) -> list[PatchClient]:
    """Connect clients until each worker has one."""
    clients: list[PatchClient] = []
    while not all(has_connections(each, server.port) for each in workers(server).values()):
        clients.append(await PatchClient.connect(server.ws, doc, token))
        assert len(clients) < 200, "one worker gets all connections"
    return clients


async def freeze(process: psutil.Process) -> None:
    """Suspend a process, and wait until no thread of it runs."""
    process.suspend()
    threads = Path(f"/proc/{process.pid}/task")
    await eventually(
        lambda: all("State:\tT" in each.read_text() for each in threads.glob("*/status"))
    )


def worker_at(server: RunningServer, port: int) -> int:
    """Return the number of the worker that has the connection from a client's port."""
    [number] = [
        number
        for number, process in workers(server).items()
        if any(each.raddr and each.raddr.port == port for each in process.net_connections("tcp"))
    ]
    return number


async def connect_to_both(server: RunningServer, editors: list[Editor]) -> list[int]:
    """Connect all editors, so that each worker has one. Return the workers of the editors."""
    numbers: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while len(set(numbers)) < 2:
            for editor in editors[len(numbers) :]:
                await editor.connect({user: {} for user in USERS})
                numbers.append(worker_at(server, editor.client.socket.local_address[1]))
            if len(set(numbers)) < 2:
                numbers.pop()
                await editors[-1].close()
    return numbers


def values_at_each(server: RunningServer, token: str) -> dict[int, object]:
    """Read the document over HTTP at each worker, on a connection of its own."""
    values: dict[int, object] = {}
    asked = 0
    with ExitStack() as opened:
        while len(values) < len(workers(server)):
            asked += 1
            assert asked < 200, "one worker gets all connections"
            connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
            opened.enter_context(closing(connection))
            headers = {"Authorization": f"Bearer {token}"}
            connection.request("GET", "/v1/docs/page", headers=headers)
            value = json.loads(connection.getresponse().read())
            values[worker_at(server, connection.sock.getsockname()[1])] = value
    return values


async def test_every_worker_serves_and_a_stop_ends_all_of_them(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=TWO) as server:
        found = await until_ready(server)
        assert sorted(found) == [1, 2]
        token = await server.mint()
        first = await PatchClient.connect(server.ws, "page", token, create={"n": 0})
        clients = [first, *await connect_to_each(server, "page", token)]
        assert server.log().count("Weft serves http://") == 1
        assert await asyncio.to_thread(server.stop) == 0, server.log()
        for client in clients:
            assert client.socket.close_code == 1012
            [told] = [one for one in client.others if one["type"] == "disconnect_notice"]
            assert 500 <= told["retry_after_ms"] <= 2500
            await client.close()
        assert all(is_gone(each) for each in found.values())
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))
        assert not (tmp_path / "weft.db-bus").exists()


async def level(editors: list[Editor], database: str) -> object:
    """Wait until every client has every entry of every worker. Return the value that all have."""
    for editor in editors:
        await editor.finish()
    head = len(await read_log(database, "page"))
    for editor in editors:
        await editor.client.until_version(head)
        await editor.close()
    values = [editor.client.value for editor in editors]
    assert values == [values[0]] * len(values)
    return values[0]


async def test_edits_through_two_workers_have_one_order_and_no_worker_loses_one(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path, env=TWO) as server:
        await until_ready(server)
        editors = [Editor(server.ws, "page", user, await server.mint(user)) for user in USERS]
        await connect_to_both(server, editors)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(editor.edit(100) for editor in editors))
        seconds = loop.time() - began
        value = await level(editors, server.database)
        token = await server.mint()
        assert values_at_each(server, token) == {1: value, 2: value}
        assert "is locked" not in server.log()
    check_log(await read_log(server.database, "page"), editors, value)
    record("two workers", acked_per_s=sum(len(one.acked) for one in editors) / seconds)


def worker_series(server: RunningServer) -> set[str]:
    """Return the workers that the metrics have series of."""
    text = call("GET", f"{server.http}/metrics").raw.decode()
    families = text_string_to_metric_families(text)
    return {sample.labels["worker"] for family in families for sample in family.samples}


async def test_metrics_and_status_show_every_worker_that_answers(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=TWO) as server:
        found = await until_ready(server)
        token = await server.mint("ops", Role.ADMIN)
        client = await PatchClient.connect(server.ws, "page", token, create={"n": 0})
        assert (await client.set("/n", 1))["type"] == "ack"
        text = call("GET", f"{server.http}/metrics").raw.decode()
        families = {one.name: one for one in text_string_to_metric_families(text)}
        accepted = [
            sample.value
            for sample in families["weft_edits"].samples
            if (sample.labels["lane"], sample.labels["outcome"]) == ("patch", "accepted")
        ]
        assert sorted(accepted) == [0.0, 2.0], "one worker has accepted both"
        rooms = {one.labels["worker"]: one.value for one in families["weft_rooms"].samples}
        assert sorted(rooms.values()) == [0.0, 1.0]
        for number in (1, 2) * 3:
            url = f"{server.http}/status.json?worker={number}"
            report = call("GET", url, token=token).body
            assert (report["worker"], report["workers"]) == (number, 2)
            assert report["documents_total"] == rooms[str(number)]
        reply = call("GET", f"{server.http}/status.json?worker=3", token=token)
        assert (reply.status, reply.body["code"]) == (404, "not_found")
        await freeze(found[2])
        try:
            left = worker_series(server)
            asked = call("GET", f"{server.http}/status.json?worker=2", token=token)
        finally:
            found[2].resume()
        assert left == {"1"}, "the frozen worker is left out"
        assert (asked.status, asked.body["code"]) == (404, "not_found")
        await eventually(lambda: worker_series(server) == {"1", "2"})
        await client.close()


async def test_a_killed_worker_is_replaced_and_the_other_goes_on(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=TWO) as server:
        found = await until_ready(server)
        editors = [Editor(server.ws, "page", user, await server.mint(user)) for user in USERS]
        numbers = await connect_to_both(server, editors)
        spells = [asyncio.create_task(editor.edit(200)) for editor in editors]
        await until_acked(editors, 100)
        found[2].send_signal(signal.SIGKILL)
        await eventually(lambda: is_gone(found[2]))
        await eventually(lambda: 2 in workers(server))
        assert workers(server)[2].pid != found[2].pid
        assert workers(server)[1].pid == found[1].pid
        await asyncio.gather(*spells)
        broken = [one for one in editors if one.client.socket.close_code is not None]
        at_killed = [one for one, at in zip(editors, numbers, strict=True) if at == 2]
        assert broken == at_killed, "the clients of the other worker stay"
        for editor in broken:
            await editor.close()
            await editor.come_back()
        for editor in editors:
            await editor.finish()
            await editor.close()
        entries = await read_log(server.database, "page")
        values = values_at_each(server, await server.mint())
    assert values == {1: values[1], 2: values[1]}
    check_log(entries, editors, values[1])


async def test_a_frozen_worker_delays_no_other_and_gets_level_again(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=TWO) as server:
        found = await until_ready(server)
        editors = [Editor(server.ws, "page", user, await server.mint(user)) for user in USERS]
        numbers = await connect_to_both(server, editors)
        frozen = numbers[-1]  # the last editor's worker; the others edit meanwhile
        await freeze(found[frozen])
        try:
            await asyncio.gather(
                *(one.edit(50) for one, at in zip(editors, numbers, strict=True) if at != frozen)
            )
        finally:
            found[frozen].resume()
        await editors[-1].edit(10)
        value = await level(editors, server.database)
    check_log(await read_log(server.database, "page"), editors, value)


async def test_workers_drain_and_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, env=TWO)
    server.start()
    found = await until_ready(server)
    token = await server.mint()
    first = await PatchClient.connect(server.ws, "page", token, create={"n": 0})
    clients = [first, *await connect_to_each(server, "page", token)]
    assert (await first.set("/n", 1))["type"] == "ack"
    server.kill()
    for client in clients:
        assert await client.until_closed() == 1012
        await client.close()
    await eventually(lambda: all(is_gone(each) for each in found.values()))
    with server:
        assert call("GET", f"{server.http}/v1/docs/page", token=token).body == {"n": 1}


async def come_back(editor: Editor) -> None:
    """Reconnect at once: the port is open. The next worker may be about to stop, too."""
    while True:
        with suppress(WebSocketException):
            await editor.come_back(again=0)
            return


async def test_a_restart_of_the_workers_leaves_the_port_open_and_loses_nothing(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path, env=TWO) as server:
        assert server.process is not None
        before = await until_ready(server)
        editors = [Editor(server.ws, "page", user, await server.mint(user)) for user in USERS]
        for editor in editors:
            await editor.connect({user: {} for user in USERS})
        restarted = False

        async def edit(editor: Editor) -> None:
            while not restarted:
                await editor.edit(10)
                if editor.client.socket.close_code is not None:
                    assert editor.client.socket.close_code == 1012
                    await editor.close()
                    await come_back(editor)
            await editor.finish()

        spells = [asyncio.create_task(edit(editor)) for editor in editors]
        server.process.send_signal(signal.SIGUSR1)

        def is_done() -> bool:
            now = workers(server)
            return len(now) == 2 and all(now[one].pid != before[one].pid for one in now)

        await eventually(is_done)
        restarted = True
        await asyncio.gather(*spells)
        for editor in editors:
            await editor.close()
        value = call("GET", f"{server.http}/v1/docs/page", token=await server.mint()).body
        entries = await read_log(server.database, "page")
    check_log(entries, editors, value)


def _end_of(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_")}
    return subprocess.run(
        [str(WEFT), "serve", "--workers", "2", *arguments],
        env={**inherited, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_ends_the_server_with_a_sentence(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path}/weft.db"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = _end_of("--port", port, "--database", database)
    assert ended.returncode == 3
    assert f"weft: cannot listen on 127.0.0.1:{port}: Address already in use" in ended.stderr


def test_workers_that_cannot_start_end_the_server_with_a_sentence() -> None:
    database = "postgresql+asyncpg://weft@127.0.0.1:1/weft"
    ended = _end_of("--port", str(free_port()), "--database", database)
    assert ended.returncode == 3
    assert "Weft cannot start: " in ended.stderr
    assert "weft: worker 1 cannot start" in ended.stderr
    assert "Traceback" not in ended.stderr


def waiting_signals(process: psutil.Process) -> set[signal.Signals]:
    """Return the signals that a frozen process has not taken yet."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    [mask] = [int(line.split()[1], 16) for line in lines if line.startswith("ShdPnd:")]
    return {each for each in signal.Signals if mask >> (each - 1) & 1}


async def test_ctrl_c_reaches_the_workers_once(tmp_path: Path) -> None:
    """A terminal signals the whole group. Only the parent is in it, and stops each worker."""
    env = {**TWO, "WEFT_DEMO": "1"}
    with RunningServer(tmp_path, env=env, has_own_session=True) as server:
        assert server.process is not None
        found = await until_ready(server)
        for each in found.values():
            await freeze(each)  # what it gets meanwhile waits
        try:
            os.killpg(server.process.pid, signal.SIGINT)
            await eventually(lambda: all(waiting_signals(each) for each in found.values()))
            got = [waiting_signals(each) for each in found.values()]
        finally:
            for each in found.values():
                each.resume()
        assert got == [{signal.SIGTERM}] * 2
        assert await asyncio.to_thread(server.process.wait, 60) == 130
        assert all(is_gone(each) for each in found.values())
        assert "Traceback" not in server.log()
        assert server.log().count("A guest token") == 1
        assert server.log().count("demo mode: every client") == 1


async def test_a_signal_to_all_processes_at_once_stops_the_server(tmp_path: Path) -> None:
    """As systemd stops a unit: it signals the parent and the workers."""
    with RunningServer(tmp_path, env=TWO) as server:
        assert server.process is not None
        found = await until_ready(server)
        parent = psutil.Process(server.process.pid)
        for each in (*found.values(), parent):
            each.terminate()
        assert await asyncio.to_thread(server.process.wait, 60) == 0
        assert all(is_gone(each) for each in found.values())
        assert parent.pid not in [each.info["ppid"] for each in psutil.process_iter(["ppid"])]
        assert "Traceback" not in server.log()


async def test_a_restart_signal_to_all_processes_at_once_kills_none(tmp_path: Path) -> None:
    """As `systemctl kill --signal=SIGUSR1` sends it: to the parent and the workers."""
    with RunningServer(tmp_path, env=TWO) as server:
        assert server.process is not None
        before = await until_ready(server)
        for pid in (*(each.pid for each in before.values()), server.process.pid):
            os.kill(pid, signal.SIGUSR1)

        def is_done() -> bool:
            now = workers(server)
            return len(now) == 2 and all(now[one].pid != before[one].pid for one in now)

        await eventually(is_done)
        assert '"level":"error"' not in server.log()


async def test_workers_on_postgresql_have_a_bus_of_their_own(
    tmp_path: Path, postgres_url: str
) -> None:
    with RunningServer(tmp_path, database=postgres_url, env=TWO) as server:
        await until_ready(server)
        editors = [Editor(server.ws, "page", user, await server.mint(user)) for user in USERS]
        await connect_to_both(server, editors)
        for editor in editors:  # presence comes over the bus only, and edits over the database too
            await Watcher(editor.client).until_shown(
                {user: NOTHING for user in USERS if user != editor.user}
            )
        await asyncio.gather(*(editor.edit(20) for editor in editors))
        value = await level(editors, postgres_url)
        assert await asyncio.to_thread(server.stop) == 0, server.log()
    check_log(await read_log(postgres_url, "page"), editors, value)
