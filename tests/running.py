"""Runs the installed `weft` as a process, on a free port and a new database."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import jwt

from collab.rights.user_rights import Rights, Role
from server.access.keyring import Keyring
from server.access.tokens import Claims, mint
from server.runtime.clock import SystemClock
from storage.store import SqlStore
from tests.patience import PATIENCE

WEFT = Path(sys.executable).with_name("weft")
# For tests that send as fast as they can.
UNLIMITED = {"WEFT_IN_MESSAGES_PER_SECOND": "0", "WEFT_IN_BYTES_PER_SECOND": "0"}


# Below the ports that the system gives to other sockets, so that a stopped server keeps its port.
# Each test process starts at another number.
_PORTS = itertools.count(os.getpid() * 997)


def free_port() -> int:
    """Return a port that nothing listens on, and that no other test of this process has."""
    for number in _PORTS:
        port = 10_000 + number % 22_000
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable")


def stop(process: subprocess.Popen[bytes]) -> int:
    """Send SIGTERM, wait for the end, and return the exit code. Kill a process that hangs."""
    if process.poll() is None:
        process.terminate()
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait(PATIENCE)


def has_ended(process: subprocess.Popen[bytes], within: float) -> bool:
    """Wait up to some seconds for the end of a process. Return whether it has ended."""
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


@dataclass
class RunningServer:
    """A server process. `with` starts and stops it; `kill` and `start` keep database and port."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)
    database: str = ""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    prefix: tuple[str, ...] = ()
    has_own_session: bool = False  # then the server leads a group, which gets Ctrl-C at once

    def __post_init__(self) -> None:
        self.database = self.database or f"sqlite+aiosqlite:///{self.home}/weft.db"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> float:
        """Start the server, wait until it is ready, and return the seconds that this took."""
        began = time.monotonic()
        log = (self.home / "weft.log").open("ab")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_")}
        self.process = subprocess.Popen(
            [
                *self.prefix,
                str(WEFT),
                "serve",
                "--port",
                str(self.port),
                "--database",
                self.database,
            ],
            stdout=log,
            stderr=log,
            env={**inherited, "WEFT_LOG_FORMAT": "json", **self.env},
            start_new_session=self.has_own_session,
        )
        log.close()
        while not self._is_ready():
            if has_ended(self.process, within=0.02) or time.monotonic() - began > PATIENCE:
                self.process.kill()
                self.process.wait(PATIENCE)
                raise AssertionError(f"the server did not start:\n{self.log()}")
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill the process with SIGKILL, so that it flushes nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> int:
        """Send SIGTERM, wait for the end, and return the exit code."""
        assert self.process is not None
        return stop(self.process)

    def log(self) -> str:
        return (self.home / "weft.log").read_text(errors="replace")[-8000:]

    def until_said(self, text: str) -> None:
        """Wait until the log contains a text. The server logs its address after it is ready."""
        assert self.process is not None
        began = time.monotonic()
        while text not in self.log():
            if has_ended(self.process, within=0.02) or time.monotonic() - began > PATIENCE:
                raise AssertionError(f"the log does not contain {text!r}:\n{self.log()}")

    def token(self, user: str = "ada", role: Role = Role.EDITOR, *, tenant: str = "demo") -> str:
        """Return a token, made as `weft token` makes it."""
        return asyncio.run(self.mint(user, role, tenant=tenant))

    async def mint(
        self,
        user: str = "ada",
        role: Role = Role.EDITOR,
        *,
        tenant: str = "demo",
        seconds: float = 3600,
        docs: tuple[str, ...] | None = None,
        sections: tuple[str, ...] | None = None,
        name: str = "",
        ago: float = 0,
    ) -> str:
        """Return a token that was made some seconds ago."""
        clock = SystemClock()
        store = SqlStore(self.database)
        await store.start()
        try:
            key = await Keyring(store, clock).ensure_key(tenant)
        finally:
            await store.close()
        now = clock.now_ms() - int(ago * 1000)
        rights = Rights(role, expires_at=now + int(seconds * 1000), docs=docs, sections=sections)
        return mint(key, Claims(tenant, user, name or user.title(), rights, now, kid=""))

    async def expired(self, token: str) -> str:
        """Return a token of the same publisher that expired an hour ago."""
        claims = jwt.decode(token, options={"verify_signature": False})
        return await self.mint(claims["sub"], Role.PUBLISHER, name=claims["name"], ago=7200)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.http}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
