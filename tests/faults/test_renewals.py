"""A server that dies in the middle of a renewal has renewed nothing, and tries again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.faults import renewing_weft
from tests.faults.log_check import read_log
from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.running import RunningServer

ROOT = Path(renewing_weft.__file__).parents[2]
PATCH = "application/json-patch+json"
PREFIX = (sys.executable, renewing_weft.__file__)


def test_a_killed_server_has_renewed_nothing(tmp_path: Path) -> None:
    armed = tmp_path / "armed"
    env = {"WEFT_MAX_VALUES": "400", renewing_weft.FILE: str(armed), "PYTHONPATH": str(ROOT)}
    with RunningServer(tmp_path, env=env, prefix=PREFIX) as server:
        token, url = server.token("ada"), f"{server.http}/v1/docs/page"
        assert call("PUT", url, {"m": {"a": 0, "b": 0}}, token=token).status == 201
        armed.touch()
        ops = [{"op": "replace", "path": f"/m/{'ab'[at % 2]}", "value": at} for at in range(400)]
        assert call("PATCH", url, ops, token=token, content_type=PATCH).status == 200
        assert server.process is not None
        assert server.process.wait(PATIENCE) == -9
        armed.unlink()
        entries = asyncio.run(read_log(server.database, "page"))
        assert all(entry.lane != "server" for entry in entries)
        server.start()
        last = {"m": {"a": 398, "b": 399}}
        assert call("GET", url, token=token).body == last
        asyncio.run(_until_renewed(server.database))
        assert call("GET", url, token=token).body == last


async def _until_renewed(database: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while all(entry.lane != "server" for entry in await read_log(database, "page")):
            await asyncio.sleep(0)
