"""Runs a proxy with its shipped configuration, in front of two servers."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.deploy.shipped import KINDS, LOG, Place
from tests.patience import PATIENCE
from tests.running import free_port, has_ended, stop


class RunningProxy:
    """A proxy as a process. `with` starts and stops it.

    The test must trust `certificate`: see the environment variable SSL_CERT_FILE.
    """

    def __init__(
        self, name: str, folder: Path, instances: tuple[int, int], *, impatient: bool = False
    ) -> None:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
        self.name, self.kind = name, KINDS[name]
        self.place = Place(folder, free_port(), free_port(), instances, impatient)
        self.certificate = folder / "certificates" / "chain"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def http(self) -> str:
        return f"{self.kind.scheme}://127.0.0.1:{self.place.port}"

    @property
    def ws(self) -> str:
        return self.http.replace("http", "ws", 1)

    def __enter__(self) -> Self:
        path = self.kind.write(self.place)
        with (self.place.folder / LOG).open("ab") as log:
            self._process = subprocess.Popen(
                list(self.kind.run(path)),
                stdout=log,
                stderr=log,
                env=self.kind.variables(self.place),
            )
        began = time.monotonic()
        while not self._answers():
            if has_ended(self._process, within=0.02) or time.monotonic() - began > PATIENCE:
                self.__exit__(None, None, None)
                raise AssertionError(f"{self.name} did not start:\n{self.log()}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        stop(self._process)

    def log(self) -> str:
        return (self.place.folder / LOG).read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.place.port), timeout=5):
                return True
        except OSError:
            return False
