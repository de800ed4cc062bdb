"""Two servers on one SQLite file: each hears the other, and each may be stopped under its clients.

The first server has a local bus, which the second server finds by the lock of the file.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
from pathlib import Path

from collab.rights.user_rights import Role
from tests.faults.editor import Editor
from tests.faults.log_check import check_log, read_log
from tests.live.http_client import call
from tests.patch_client import PatchClient, applied
from tests.running import UNLIMITED, WEFT, RunningServer
from tests.yjs_peer import YjsPeers

SHARED = {**UNLIMITED, "WEFT_LOCAL_BUS": "1"}


def second(home: Path, first: RunningServer, env: dict[str, str] = UNLIMITED) -> RunningServer:
    """Return another server on the same file."""
    (home / "second").mkdir(exist_ok=True)
    return RunningServer(home / "second", database=first.database, env=env)


def test_a_second_server_without_a_bus_is_refused(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as first:
        assert first.process is not None
        for flag in ("0", "1"):
            ended = subprocess.run(
                [str(WEFT), "serve", "--port", "0", "--database", first.database],
                env={"WEFT_LOCAL_BUS": flag},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert ended.returncode == 3
            assert f"weft: process {first.process.pid} on " in ended.stderr
            assert "start it with WEFT_LOCAL_BUS=1" in ended.stderr
        assert not (tmp_path / "weft.db-bus").exists(), "a server alone has no bus"


def test_a_second_server_that_the_first_does_not_answer_is_refused(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=SHARED) as first:
        assert first.process is not None
        first.process.send_signal(signal.SIGSTOP)
        try:
            ended = subprocess.run(
                [str(WEFT), "serve", "--port", "0", "--database", first.database],
                env={},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        finally:
            first.process.send_signal(signal.SIGCONT)
        assert ended.returncode == 3
        assert f"does not answer at {tmp_path}/weft.db-bus" in ended.stderr
        assert "Traceback" not in ended.stderr


async def test_an_edit_through_one_server_reaches_the_clients_of_the_other(
    tmp_path: Path, peers: YjsPeers
) -> None:
    with RunningServer(tmp_path, env=SHARED) as one, second(tmp_path, one) as two:
        token = await one.mint("ada", Role.ADMIN)
        ada = await PatchClient.connect(one.ws, "page", token, create={"n": 0, "text": ""})
        bo = await PatchClient.connect(two.ws, "page", await one.mint("bo"))
        yjs = await peers.peer()
        await yjs.connect(two.ws, "page", await one.mint("cy"))
        await yjs.synced()
        for n in range(1, 20):
            here, there = (ada, bo) if n % 2 else (bo, ada)
            answer = await here.set("/n", n)
            assert answer["type"] == "ack"
            await there.until_version(answer["version"])
            assert there.value["n"] == n
            for server in (one, two):
                reply = call("GET", f"{server.http}/v1/docs/page", token=token)
                assert reply.body["n"] == n, "no server answers with an older value"
        await yjs.run("at('/text').insert(0, 'hello')")
        await ada.until(lambda: bool(ada.value["text"] == "hello"))
        await yjs.until_equals("", ada.value)
        await ada.close()
        await bo.close()


async def test_servers_on_one_file_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    users = ("ada", "bo", "cy", "di")
    with RunningServer(tmp_path, env=SHARED) as one, second(tmp_path, one) as two:
        editors = [
            Editor(server.ws, "page", user, await one.mint(user))
            for user, server in zip(users, (one, two, one, two), strict=True)
        ]
        for editor in editors:
            await editor.connect({user: {} for user in users})
        await asyncio.gather(*(editor.edit(100) for editor in editors))
        for editor in editors:
            await editor.finish()
        entries = await read_log(one.database, "page")
        for editor in editors:
            await editor.client.until_version(len(entries))
        values = [editor.client.value for editor in editors]
        for editor in editors:
            await editor.close()
        assert values == [values[0]] * len(values)
        assert "is locked" not in one.log() + two.log()
    check_log(entries, editors, values[0])


async def test_a_killed_server_stops_no_other(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=SHARED) as one, second(tmp_path, one) as two:
        token = await one.mint("ada")
        ada = await PatchClient.connect(one.ws, "page", token, create={"n": 0})
        bo = await PatchClient.connect(two.ws, "page", await one.mint("bo"))
        one.kill()  # it was the broker of the bus
        await ada.close()
        assert (await bo.set("/n", 1))["type"] == "ack"
        await asyncio.to_thread(one.start)
        ada = await PatchClient.connect(one.ws, "page", token)
        assert ada.value == {"n": 1}
        answer = await bo.set("/n", 2)
        await ada.until_version(answer["version"])
        answer = await ada.set("/n", 3)
        await bo.until_version(answer["version"])
        assert ada.value == bo.value == {"n": 3}
        await ada.close()
        await bo.close()


async def test_a_client_of_a_stopping_server_resumes_at_the_other_with_what_it_missed(
    tmp_path: Path, peers: YjsPeers
) -> None:
    """A rolling restart: the client gets the entries after its version, once and in order."""
    with RunningServer(tmp_path, env=SHARED) as one, second(tmp_path, one) as two:
        token = await one.mint("ada")
        ada = await PatchClient.connect(one.ws, "page", token, create={"n": 0, "text": ""})
        bo = await PatchClient.connect(two.ws, "page", await one.mint("bo"))
        yjs = await peers.peer()
        await yjs.connect(one.ws, "page", await one.mint("cy"))
        await yjs.synced()
        answer = await bo.set("/n", 1)
        await ada.until_version(answer["version"])
        known, epoch, value = ada.version, ada.opened["epoch"], ada.value
        # The provider tries to reconnect, so only its first close code is of interest.
        closing = asyncio.create_task(yjs.closed(), name="close code")
        assert await asyncio.to_thread(one.stop) == 0, one.log()
        assert await ada.until_closed() == 1012
        [told] = [each for each in ada.others if each["type"] == "disconnect_notice"]
        assert 500 <= told["retry_after_ms"] <= 2500
        assert await closing == 1012
        await ada.close()
        await yjs.run("at('/text').insert(0, 'away')")
        for n in range(2, 6):
            assert (await bo.set("/n", n))["type"] == "ack"

        since = {"epoch": epoch, "version": known}
        again = await PatchClient.connect(two.ws, "page", token, since=since)
        assert "value" not in again.opened, "the client keeps its value"
        missed = again.opened["changes"]
        assert [each["version"] for each in missed] == list(range(known + 1, known + 5))
        again.value = value
        for each in missed:
            again.value = applied(again.value, each["ops"])
        assert again.value == bo.value

        tab = await peers.peer(state=await yjs.state())
        await tab.connect(two.ws, "page", await one.mint("cy"))
        await tab.synced()
        await bo.until(lambda: bool(bo.value["text"] == "away"))
        await tab.until_equals("", bo.value)
        await again.until_version(bo.version)
        assert again.value == bo.value
        await again.close()
        await bo.close()
