"""After `kill -9` under load on both lanes, each acknowledged edit is in the log once."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from statistics import median

import pytest

from tests.faults.editor import Editor
from tests.faults.figures import record
from tests.faults.log_check import check_log, read_log
from tests.live.http_client import call
from tests.running import UNLIMITED, RunningServer
from tests.yjs_peer import YjsPeer, YjsPeers

MARKS = "for (let i = 0; i < 10; i++) at('/marks').insert(0, `<${++globalThis.mark}>`)"


async def test_nothing_acknowledged_is_lost_in_three_kills(tmp_path: Path, peers: YjsPeers) -> None:
    await _survive(tmp_path, peers, rounds=3)


@pytest.mark.long
async def test_nothing_acknowledged_is_lost_in_fifty_kills(tmp_path: Path, peers: YjsPeers) -> None:
    await _survive(tmp_path, peers, rounds=50)


async def _survive(home: Path, peers: YjsPeers, *, rounds: int) -> None:
    rng = random.Random(rounds)
    with RunningServer(home, env=UNLIMITED) as server:
        editors = [
            Editor(server.ws, "page", user, await server.mint(user)) for user in ("ada", "bo")
        ]
        for editor in editors:
            await editor.connect({"ada": {}, "bo": {}, "marks": "", "n": 0})
        yjs = await peers.peer()
        await yjs.run("globalThis.mark = 0")
        await yjs.connect(server.ws, "page", await server.mint("cy"))
        await yjs.synced()
        starts, rates = [], []
        for _ in range(rounds):
            rates.append(await _edit_until_killed(server, editors, yjs, rng.randint(100, 300)))
            starts.append(await asyncio.to_thread(server.start))
            for editor in editors:
                await editor.come_back()
        marks = await _all_marks(yjs, editors[0])
        value = call("GET", f"{server.http}/v1/docs/page", token=await server.mint()).body
        for editor in editors:
            await editor.close()
        await yjs.destroy()
    check_log(await read_log(server.database, "page"), editors, value)
    assert sorted(value["marks"].strip("<>").split("><"), key=int) == marks
    record(
        "kill -9",
        rounds=rounds,
        serving_again_s=median(starts),
        slowest_start_s=max(starts),
        edits_per_s=median(rates),
        slowest_edits_per_s=min(rates),
    )


async def _edit_until_killed(
    server: RunningServer, editors: list[Editor], yjs: YjsPeer, acks: int
) -> float:
    """Kill the server while all editors write. Return the acknowledged edits per second."""
    began, before = time.monotonic(), sum(len(editor.acked) for editor in editors)
    spells = [asyncio.create_task(editor.edit(10**6)) for editor in editors]
    while sum(len(editor.acked) for editor in editors) < before + acks:
        await yjs.run(f"if (globalThis.mark < 2000) {{ {MARKS} }}")
        await asyncio.sleep(0)
    acked = sum(len(editor.acked) for editor in editors) - before
    seconds = time.monotonic() - began
    server.kill()
    await asyncio.gather(*spells)
    for editor in editors:
        await editor.close()
    return acked / seconds


async def _all_marks(yjs: YjsPeer, editor: Editor) -> list[str]:
    """Return the marks of the Yjs client, once the server has all of them."""
    await yjs.synced()
    last = await yjs.run("content.set('n', 1); return globalThis.mark")
    await editor.client.until(lambda: editor.client.value["n"] == 1)
    return [str(number) for number in range(1, last + 1)]
