"""The ward: documents that brought the process down while they were opened stay closed.

Opening runs native code over stored bytes. Should that ever kill the process, a restart would
open the same document and die again, with every other document in it. So the name of the
document that is being opened stands in a mapped file, which outlives the process; writing it
there is a copy in memory and no system call.
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
_SIZE = 512


class Ward:
    """Counts the crashes of each document's opening; without a folder it counts nothing.

    Invariant: the mapped file is empty but while a document is opened, and one that was opened
    well has no crashes to its name. Crashes belong to an epoch: a document that was repaired, or
    deleted and made again, has none.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._crashes: dict[str, int] = {}
        self._slot: mmap.mmap | None = None
        if path is not None:
            try:
                self._start(path)
            except OSError:
                logger.warning("no file to count crashes in", extra={"path": str(path)})

    def is_shut(self, key: DocKey, epoch: int = 0) -> bool:
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
        """No await in here: the slot holds one name."""
        slot, name = self._slot, _name(key, epoch)
        if slot is None:
            yield
            return
        line = name.encode()
        slot[: len(line)] = line
        try:
            yield
        finally:
            slot[: len(line)] = bytes(len(line))

    def close(self) -> None:
        if self._slot is not None:
            self._slot.close()
            self._slot = None

    def _start(self, path: Path) -> None:
        counts, slot = Path(f"{path}.crashes"), Path(f"{path}.opening")
        if counts.exists():
            self._crashes = _read(counts)
        # In a folder that others may write to as well, a link could lead to anything.
        file = os.open(slot, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            os.ftruncate(file, _SIZE)
            self._slot = mmap.mmap(file, _SIZE)
        finally:
            os.close(file)
        name = bytes(self._slot[:]).rstrip(b"\0").decode(errors="replace")
        if name:
            self._crashes[name] = self._crashes.get(name, 0) + 1
            logger.error("the process died while a document was opened", extra={"document": name})
            self._save()
            self._slot[:] = bytes(_SIZE)

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
