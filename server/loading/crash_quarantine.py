"""Crash quarantine: a document stays closed after two crashes of the process at its opening.

Opening runs native code over stored bytes. If that code kills the process, a restart would open
the same document and crash again. All other documents would be down too. So a memory-mapped file,
which survives the process, contains the names of the documents that are being opened. Writing a
name there copies memory and needs no system call. Each worker of a server has its own such file.
They share the file with the counts, so a document crashes two of them, not two times all.
"""

from __future__ import annotations

import logging
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collab.ids import DocKey
from server.recording.crash_counts import CrashCounts

logger = logging.getLogger(__name__)

# A document is in quarantine after this many crashes.
CRASHES = 2
_SLOT, _SLOTS = 512, 16  # several large documents are opened at the same time, in threads


class CrashQuarantine:
    """Counts the crashes while each document is opened; without a path it counts nothing.

    Invariant: the mapped file has only the names of documents that are being opened now. A
    successful opening clears the crash count. Each epoch of a document has its own count. A repair
    or a new creation starts the next epoch, so it starts without crashes.
    """

    def __init__(self, path: Path | None, worker: int = 0) -> None:
        self._counts = CrashCounts(path and Path(f"{path}.crashes"), is_shared=worker > 0)
        self._slots: mmap.mmap | None = None
        self._free = list(range(_SLOTS))
        if path is not None:
            try:
                self._start(Path(f"{path}.{worker}.opening" if worker else f"{path}.opening"))
            except OSError:
                logger.warning(
                    "the file for the crash quarantine cannot be opened; crashes are not counted",
                    extra={"path": str(path)},
                )

    def is_quarantined(self, key: DocKey, epoch: int = 0) -> bool:
        """Whether the document must stay closed."""
        return self._counts.of(_name(key, epoch)) >= CRASHES

    @contextmanager
    def opening(self, key: DocKey, epoch: int = 0) -> Iterator[None]:
        """Watch the final step of opening; on success, clear the crash count."""
        with self.watching(key, epoch):
            yield
        self._counts.clear(_name(key, epoch))

    @contextmanager
    def watching(self, key: DocKey, epoch: int = 0) -> Iterator[None]:
        """Keep the document's name in the mapped file while a step may crash the process."""
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

    def _start(self, slot: Path) -> None:
        self._counts.load()
        # Follow no symbolic link: other users may write to the folder and make a link to any file.
        file = os.open(slot, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            os.ftruncate(file, _SLOT * _SLOTS)
            self._slots = slots = mmap.mmap(file, _SLOT * _SLOTS)
        finally:
            os.close(file)
        names = [slots[at : at + _SLOT].rstrip(b"\0") for at in range(0, len(slots), _SLOT)]
        found = [raw.decode(errors="replace") for raw in names if raw]
        for name in found:
            logger.error(
                "the last process crashed while it opened a document", extra={"document": name}
            )
        if found:
            self._counts.add(found)
            slots[:] = bytes(len(slots))


def _name(key: DocKey, epoch: int) -> str:
    return f"{key.tenant}/{key.doc} {epoch}"
