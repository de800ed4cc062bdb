"""A server that dies in the middle of a renewal has renewed nothing, and tries again."""

from __future__ import annotations

import asyncio
import sys
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

from tests.faults import renewing_weft
from tests.faults.log_check import read_log
from tests.live.http_client import Reply, call
from tests.running import RunningServer

ROOT = Path(renewing_weft.__file__).parents[2]
PREFIX = (sys.executable, renewing_weft.__file__)


def edit(server: RunningServer, token: str, start: int) -> Reply | None:
    """Replace two values in turn. Return None when the server dies meanwhile."""
    each = range(start, start + 400)
    ops = [{"op": "replace", "path": f"/m/{'ab'[at % 2]}", "value": at} for at in each]
    url, kind = f"{server.http}/v1/docs/page", "application/json-patch+json"
    try:
        return call("PATCH", url, ops, token=token, content_type=kind)
    except (URLError, HTTPException, OSError):
        return None


def test_a_killed_server_has_renewed_nothing(tmp_path: Path) -> None:
    armed = tmp_path / "armed"
    env = {"WEFT_MAX_VALUES": "400", renewing_weft.FILE: str(armed), "PYTHONPATH": str(ROOT)}
    with RunningServer(tmp_path, env=env, prefix=PREFIX) as server:
        token, url = server.token("ada"), f"{server.http}/v1/docs/page"
        assert call("PUT", url, {"m": {"a": 0, "b": 0}}, token=token).status == 201
        armed.touch()
        start = 0
        while (reply := edit(server, token, start)) is not None:
            assert reply.status == 200, reply.raw
            start += 400
        assert server.process is not None
        assert server.process.wait(10) == -9
        armed.unlink()
        server.start()
        entries = asyncio.run(read_log(server.database, "page"))
        assert all(entry.lane != "server" for entry in entries)
        last = call("GET", url, token=token).body
        assert last["m"]["b"] in (start - 1, start + 399)  # the last answer may be lost
        for again in range(start + 400, start + 4_000, 400):
            assert edit(server, token, again) is not None
        assert call("GET", url, token=token).body == {"m": {"a": again + 398, "b": again + 399}}
    entries = asyncio.run(read_log(server.database, "page"))
    assert any(entry.lane == "server" for entry in entries)
