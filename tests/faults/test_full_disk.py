"""On a full disk the server acknowledges no edit, keeps its clients, and recovers by itself."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.editor import Editor
from tests.faults.figures import record
from tests.faults.log_check import check_log, read_log
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import UNLIMITED, RunningServer

TRIES = 50


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 2 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk cannot be mounted: that needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Fill the disk to its last block."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return filler


async def test_a_full_disk_takes_nothing_and_loses_nothing(
    tmp_path: Path, small_disk: Path
) -> None:
    database = f"sqlite+aiosqlite:///{small_disk}/weft.db"
    with RunningServer(tmp_path, database=database, env=UNLIMITED) as server:
        token = await server.mint("ada")
        editor = Editor(server.ws, "page", "ada", token)
        await editor.connect({"ada": {}, "text": ""})
        reader = await PatchClient.connect(server.ws, "page", await server.mint("bo"))
        await editor.edit(50)
        filler = fill(small_disk)
        await _write_until_refused(editor.client)
        acked = len(editor.client.acks)
        for number in range(TRIES):
            refused = await editor.client.set("/text", f"{number}" * 2000)
            assert refused["code"] == "storage_unavailable", "acknowledged on a full disk"
            assert refused["retryable"]
        assert len(editor.client.acks) == acked
        value = call("GET", f"{server.http}/v1/docs/page", token=token)
        assert (value.status, value.body) == (200, reader.value)
        filler.unlink()
        began = time.monotonic()
        await reader.until(lambda: _notices(reader)[-1:] == ["writable"], 20)
        resumed = time.monotonic() - began
        assert _notices(reader)[0] == "read_only"
        await editor.edit(50)
        await editor.close()
        await editor.come_back()
        await editor.close()
        await reader.close()
        value = call("GET", f"{server.http}/v1/docs/page", token=token)
        check_log(await read_log(database, "page"), [editor], value.body)
    record("disk full", writes_again_s=resumed)


async def _write_until_refused(client: PatchClient) -> None:
    """Write until the log file has no room left and the server refuses."""
    async with asyncio.timeout(30):
        for number in range(10_000):
            answer = await client.set("/text", str(number) + "x" * 6000)
            if answer["type"] == "reject":
                return


def _notices(client: PatchClient) -> list[str]:
    return [message["code"] for message in client.others if message["type"] == "notice"]
