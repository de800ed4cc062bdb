"""A power cut loses no acknowledged edit: the disk has synced before an ack is sent."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.faults.figures import record
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.running import RunningServer

CALLS = "pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg"
SYNC = re.compile(r"(fdatasync|fsync)\(\d+<[^>]*-wal>")
LOG_WRITE = re.compile(r"pwrite64\(\d+<[^>]*-wal>")
SENDS = re.compile(r"(write|writev|sendto|sendmsg)\(\d+<(socket|TCP)")
PID = re.compile(r"^(\d+) +")


@pytest.fixture
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is missing")
    tried = subprocess.run([found, "-o", "/dev/null", "true"], check=False, capture_output=True)
    if tried.returncode:
        pytest.skip("strace may not trace here")
    return found


async def test_the_disk_answers_before_an_ack_leaves(tmp_path: Path, strace: str) -> None:
    await _trace_acks(tmp_path, strace, 200)


@pytest.mark.long
async def test_the_disk_answers_before_a_thousand_acks_leave(tmp_path: Path, strace: str) -> None:
    await _trace_acks(tmp_path, strace, 1000)


async def _trace_acks(tmp_path: Path, strace: str, count: int) -> None:
    trace = tmp_path / "trace"
    prefix = (
        strace,
        "-f",
        "--seccomp-bpf",
        "-yy",
        "-s",
        "4096",
        "-e",
        f"trace={CALLS}",
        "-o",
        str(trace),
    )
    server = RunningServer(tmp_path, prefix=prefix)
    with server:
        client = await PatchClient.connect(
            server.ws, "page", await server.mint("ada"), create={"n": 0}
        )
        ids = [f"edit-{number}-of-ada" for number in range(count)]
        for number, one in enumerate(ids, 1):
            ack = await client.set("/n", number, id=one)
            assert ack["version"] == number + 1
        await client.close()
        await asyncio.to_thread(_stop_traced, server)
    steps = list(_steps(trace.read_text(errors="replace").splitlines()))
    acks = [(at, one) for at, (what, one) in enumerate(steps) if what == "ack" and one in ids]
    assert [one for _, one in acks] == ids
    before = 0
    for sent, one in acks:
        between = steps[before:sent]
        # One thread writes all pages of the log, and then syncs them.
        wrote = [at for at, (what, page) in enumerate(between) if what == "wrote" and one in page]
        assert wrote, f"{one} was acknowledged and not written"
        assert ("synced", "") in between[wrote[0] :], f"{one} left before the disk had it"
        before = sent
    record("power cut, acks after the disk's answer", acks=len(acks), of=count)


def _stop_traced(server: RunningServer) -> None:
    """Stop the traced server. A signal to strace itself waits until the server ends."""
    assert server.process is not None
    for traced in psutil.Process(server.process.pid).children():
        traced.terminate()
    server.process.wait(PATIENCE)


def _steps(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Return the writes and syncs of a trace in order: a write by its start, a sync by its end."""
    syncing: set[str] = set()
    for line in lines:
        found = PID.match(line)
        thread = found[1] if found else ""
        if LOG_WRITE.search(line):
            yield "wrote", line
        elif SYNC.search(line):
            if "<unfinished" in line:
                syncing.add(thread)
            else:
                yield "synced", ""
        elif thread in syncing and "sync resumed>" in line:
            syncing.discard(thread)
            yield "synced", ""
        elif SENDS.search(line) and r"\"type\":\"ack\"" in line:
            for one in re.findall(r'\\"id\\":\\"([^\\]+)\\"', line):
                yield "ack", one
