"""Runs a real server to measure: the installed `weft` as a process, on a free port, no data."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from collab.rights.user_rights import Rights, Role
from server.access.keyring import Keyring
from server.access.tokens import Claims, mint
from server.runtime.clock import SystemClock
from storage.store import SqlStore

READY_WITHIN = 20.0


@dataclass(frozen=True)
class Served:
    """A running server: its port, its tokens, and its use of memory and CPU."""

    port: int
    database: str
    process: subprocess.Popen[bytes]

    def token(self, user: str, role: Role = Role.EDITOR) -> str:
        return asyncio.run(self.tokens([user], role))[0]

    async def tokens(self, users: list[str], role: Role = Role.EDITOR) -> list[str]:
        clock = SystemClock()
        store = SqlStore(self.database)
        await store.start()
        try:
            key = await Keyring(store, clock).ensure_key("demo")
        finally:
            await store.close()
        now = clock.now_ms()
        rights = Rights(role, expires_at=now + 3_600_000)
        return [mint(key, Claims("demo", user, user, rights, now, "")) for user in users]

    def put(self, doc: str, value: object) -> None:
        """Create a document over HTTP."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/docs/{doc}",
            method="PUT",
            data=json.dumps(value).encode(),
            headers={
                "Authorization": f"Bearer {self.token('ada', Role.ADMIN)}",
                "Content-Type": "application/json",
                "If-None-Match": "*",
            },
        )
        urllib.request.urlopen(request).close()

    def rss(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def cpu_seconds(self) -> float:
        """Return the processor time of the server, with its workers."""
        process = psutil.Process(self.process.pid)
        every = [one.cpu_times() for one in (process, *process.children(recursive=True))]
        return float(sum(times.user + times.system for times in every))


@contextmanager
def apart() -> Iterator[int | None]:
    """Run on one core, and yield another core for the server; None when there is only one core.

    On different cores, the two processes do not delay each other.
    """
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)
    try:
        yield cores[0] if len(cores) > 1 else None
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def served(core: int | None = None, database: str = "", **settings: str) -> Iterator[Served]:
    """Run a server with these `WEFT_` settings. It and its data are removed afterwards.

    A `database` is kept: other servers may use it too.
    """
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        database = database or f"sqlite+aiosqlite:///{home}/weft.db"
        inherited = {name: v for name, v in os.environ.items() if not name.startswith("WEFT_")}
        own = {f"WEFT_{name.upper()}": value for name, value in settings.items()}
        weft = Path(sys.executable).with_name("weft")
        process = subprocess.Popen(
            [str(weft), "serve", "--port", str(port), "--database", database],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**inherited, **own},
        )
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        try:
            _wait_until_ready(port, process)
            yield Served(port, database, process)
        finally:
            process.terminate()
            process.wait(15)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the server did not start")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
