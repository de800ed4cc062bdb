"""The cost of a run, read from the process, its database, the prober and the sampler."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from tests.patience import PATIENCE
from tests.running import RunningServer

HERE = Path(__file__).parent
SAMPLER = (sys.executable, str(HERE / "loop_sampler.py"))
KiB = 1024
QUIET = 0.005  # seconds that `/healthz` takes on an idle server
QUIET_WITHIN = 5.0


class Probe(NamedTuple):
    """One request to `/healthz`, in seconds.

    `late` is how late the prober itself woke up. `work` is the processor time of its fixed work.
    """

    asked: float
    took: float
    late: float
    work: float


class Prober:
    """A process that requests `/healthz` all the time; a thread reads its figures."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, str(HERE / "prober.py"), str(port)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._probes: list[Probe] = []
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="prober")
        self._reader.start()

    def __enter__(self) -> Prober:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()
        self._reader.join(PATIENCE)

    def between(self, began: float, ended: float) -> list[Probe]:
        """Return the requests that ran in this period. Wait for the first request after it."""
        with self._came:
            is_over = self._came.wait_for(
                lambda: bool(self._probes) and self._probes[-1].asked > ended, PATIENCE
            )
            assert is_over, "/healthz was not answered any more"
            return [one for one in self._probes if one.asked + one.took >= began][:-1] or [
                self._probes[-1]
            ]

    def idle(self, seconds: float) -> list[Probe]:
        """Return the requests of a time without an attack."""
        began = time.monotonic()
        return self.between(began, began + seconds)

    def until_quiet(self) -> None:
        """Wait, with a timeout, until earlier work such as a snapshot is over."""
        with self._came:
            self._came.wait_for(self._is_quiet, QUIET_WITHIN)

    def _is_quiet(self) -> bool:
        return len(self._probes) >= 3 and all(one.took < QUIET for one in self._probes[-3:])

    def forget(self) -> None:
        """Forget all earlier figures."""
        with self._came:
            del self._probes[:-1]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            asked, took, late, work = map(float, line.split())
            with self._came:
                self._probes.append(Probe(asked, took, late, work))
                self._came.notify_all()


@dataclass
class Notes:
    """The sampler's new lines since the last read."""

    path: Path
    _read: int = 0

    def new(self) -> list[dict[str, Any]]:
        with self.path.open() as notes:
            notes.seek(self._read)
            lines = notes.readlines()
            self._read = notes.tell()
        return [json.loads(line) for line in lines]


@dataclass(frozen=True)
class Figures:
    """Figures of one run: times in milliseconds, sizes in bytes. `held` are the sampler's lines.

    `slowness` is how much longer the same work took than on the idle machine, in processor time.
    """

    worst: float
    noise: float
    held: list[dict[str, Any]]
    peak: int
    left: int
    stored: int
    sent: int
    accepted: int
    answered: int
    outcomes: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    slowness: float = 1.0


class Process:
    """The server's process and its database, measured from outside."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server

    def memory(self) -> int:
        return self._status("VmRSS:")

    def peak(self) -> int:
        return self._status("VmHWM:")

    def forget_peak(self) -> None:
        """Reset the peak to the present resident memory (proc(5), clear_refs)."""
        self._file("clear_refs").write_text("5")

    def stored(self) -> int:
        """Return the bytes of used pages, with the pages that the write-ahead log changes."""
        with sqlite3.connect(f"file:{self._server.home}/weft.db?mode=ro", uri=True) as database:
            count, size, free = (
                database.execute(f"PRAGMA {what}").fetchone()[0]
                for what in ("page_count", "page_size", "freelist_count")
            )
        database.close()
        return int((count - free) * size)

    def _status(self, name: str) -> int:
        return int(self._file("status").read_text().split(name)[1].split()[0]) * KiB

    def _file(self, name: str) -> Path:
        assert self._server.process is not None
        return Path(f"/proc/{self._server.process.pid}/{name}")
