"""Documents that crashed the process while they were opened stay closed.

Opening runs native code over stored bytes. Should that ever kill the process, a restart would
open the same document and die again, with every other document in it. So the names of those that
are being opened stand in a mapped file, which outlives the process; writing one there is a copy
in memory and no system call.
"""

from __future__ import annotations

import json
import logging
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collab.ids import DocKey

logger = logging.getLogger(__name__)

# The crash that shuts a document in.
CRASHES = 2
_SLOT, _SLOTS = 512, 16  # large documents are opened in threads, several at once


class CrashQuarantine:
    """Counts the crashes of each document's opening; without a folder it counts nothing.

    Invariant: the mapped file is empty but while a document is opened, and one that was opened
    well has no crashes to its name. Crashes belong to an epoch: a document that was repaired, or
    deleted and made again, has none.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._crashes: dict[str, int] = {}
        self._slots: mmap.mmap | None = None
        self._free = list(range(_SLOTS))
        if path is not None:
            try:
                self._start(path)
            except OSError:
                logger.warning("no file to count crashes in", extra={"path": str(path)})

    def is_quarantined(self, key: DocKey, epoch: int = 0) -> bool:
        return self._crashes.get(_name(key, epoch), 0) >= CRASHES

    @contextmanager
    def opening(self, key: DocKey, epoch: int = 0) -> Iterator[None]:
        """The last of what there is to do; what went well has no crashes to its name."""
        with self.watching(key, epoch):
            yield
        if self._crashes.pop(_name(key, epoch), 0):
            self._save()

    @contextmanager
    def watching(self, key: DocKey, epoch: int = 0) -> Iterator[None]:
        """While something is done to a document that may bring the process down."""
        slots = self._slots
        if slots is None or not self._free:
            yield
            return
        at, line = self._free.pop() * _SLOT, _name(key, epoch).encode()
        slots[at : at + len(line)] = line
        try:
            yield
        finally:
            slots[at : at + len(line)] = bytes(len(line))
            self._free.append(at // _SLOT)

    def close(self) -> None:
        if self._slots is not None:
            self._slots.close()
            self._slots = None

    def _start(self, path: Path) -> None:
        counts, slot = Path(f"{path}.crashes"), Path(f"{path}.opening")
        if counts.exists():
            self._crashes = _read(counts)
        # In a folder that others may write to as well, a link could lead to anything.
        file = os.open(slot, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            os.ftruncate(file, _SLOT * _SLOTS)
            self._slots = slots = mmap.mmap(file, _SLOT * _SLOTS)
        finally:
            os.close(file)
        names = [slots[at : at + _SLOT].rstrip(b"\0") for at in range(0, len(slots), _SLOT)]
        for name in (raw.decode(errors="replace") for raw in names if raw):
            self._crashes[name] = self._crashes.get(name, 0) + 1
            logger.error("the process died while a document was opened", extra={"document": name})
        if any(names):
            self._save()
            slots[:] = bytes(len(slots))

    def _save(self) -> None:
        try:
            Path(f"{self._path}.crashes").write_text(json.dumps(self._crashes))
        except OSError:
            logger.warning("crashes could not be written down")


def _name(key: DocKey, epoch: int) -> str:
    return f"{key.tenant}/{key.doc} {epoch}"


def _read(path: Path) -> dict[str, int]:
    try:
        found = json.loads(path.read_text())
        return {str(name): int(crashes) for name, crashes in found.items()}
    except (ValueError, AttributeError, TypeError):
        return {}
