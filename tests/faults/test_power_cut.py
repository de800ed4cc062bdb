"""A power cut: no ack's bytes leave before the disk has said that the edit is on it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.patch_client import PatchClient
from tests.running import RunningServer

ACKS = 200
CALLS = "pwrite64,fdatasync,fsync,read,recvfrom,write,writev,sendto,sendmsg"
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
        ids = [f"edit-{number}-of-ada" for number in range(ACKS)]
        for number, one in enumerate(ids, 1):
            ack = await client.set("/n", number, id=one)
            assert ack["version"] == number + 1
        await client.close()
    steps = list(_steps(trace.read_text(errors="replace").splitlines()))
    for before, (sent, one) in zip([0, *_acks(steps, ids)], _acks_by_id(steps, ids), strict=False):
        wrote = max(at for at, (what, _) in enumerate(steps[:sent]) if what == "wrote")
        synced = [at for at, (what, _) in enumerate(steps[:sent]) if what == "synced"]
        assert before < wrote < max(synced), f"the ack of {one} left before the disk had it"
    assert len(_acks(steps, ids)) == ACKS


def _acks(steps: list[tuple[str, str]], ids: list[str]) -> list[int]:
    return [at for at, _ in _acks_by_id(steps, ids)]


def _acks_by_id(steps: list[tuple[str, str]], ids: list[str]) -> list[tuple[int, str]]:
    """Where each id's ack was given to the kernel."""
    known = set(ids)
    return [(at, text) for at, (what, text) in enumerate(steps) if what == "ack" and text in known]


def _steps(lines: list[str]) -> Iterator[tuple[str, str]]:
    """What matters of a trace, in order: a write counts from its beginning, a sync from its end."""
    syncing: set[str] = set()
    for _, line in zip(count(), lines, strict=False):
        found = PID.match(line)
        thread = found[1] if found else ""
        if LOG_WRITE.search(line):
            yield "wrote", ""
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
