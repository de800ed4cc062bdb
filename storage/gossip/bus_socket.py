"""The socket of a local bus: a file that only its user may connect to, and a lock for its broker.

The broker holds the lock until its process ends. So a process that gets the lock knows that no
other process listens, and may replace a socket file that a killed broker has left.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

# Bytes of a socket's path. Linux allows 107, macOS 103.
_MOST_ADDRESS: Final = 100
_MOST_NAME: Final = 64


class BusSocket:
    """The socket file and the lock file of one bus.

    Invariant: the socket file is bound or removed only by the process that holds the lock. No
    process of ours removes the lock file, as in `storage/serving_lock.py`. When a user or a tool
    removes it, `holds_lock` becomes false, and another process may hold a new file.
    """

    def __init__(self, path: Path) -> None:
        name = path.name
        if len(os.fsencode(name)) > _MOST_NAME:
            name = f"weft-{sha256(os.fsencode(name)).hexdigest()[:24]}.bus"
        self._path = path.with_name(name)
        self._lock_path = self._path.with_name(f"{name}-lock")
        self._lock: int | None = None
        self._bound: os.stat_result | None = None

    def acquire(self) -> bool:
        """Take the lock of the broker. Return whether this process has it now."""
        import fcntl  # not on Windows, which has no local bus

        lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        except OSError:
            os.close(lock)
            raise
        self._lock = lock
        if not self.holds_lock:  # the file was removed before we locked it
            self.release()
        return self._lock is not None

    @property
    def holds_lock(self) -> bool:
        """Whether this process has locked the lock file that is at the path now."""
        if self._lock is None:
            return False
        return _is_same(os.fstat(self._lock), _found(self._lock_path))

    def release(self) -> None:
        """Give the lock back. Remove the socket file, unless another process may use it."""
        if self._lock is not None:
            if self.is_bound and self.holds_lock:
                with suppress(OSError):
                    self._path.unlink()
            os.close(self._lock)
            self._lock, self._bound = None, None

    def bind(self) -> socket.socket:
        """Return a socket at the path. It does not listen yet. The caller holds the lock."""
        assert self._lock is not None
        self._path.unlink(missing_ok=True)
        bound = socket.socket(socket.AF_UNIX)
        try:
            with self.address() as address:
                bound.bind(address)
            # No process can connect before the socket listens. So no process sees another mode.
            self._path.chmod(0o600)
            self._bound = self._path.lstat()
            bound.setblocking(False)
        except OSError:
            bound.close()
            raise
        return bound

    @property
    def is_bound(self) -> bool:
        """Whether the file at the path is still the socket of this process."""
        return self._bound is not None and _is_same(self._bound, _found(self._path))

    @contextmanager
    def address(self) -> Iterator[str]:
        """Yield the path as an address. Linux can shorten it by an open folder."""
        address = str(self._path)
        if len(os.fsencode(address)) <= _MOST_ADDRESS or not Path("/proc/self/fd").is_dir():
            yield address
            return
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}/{self._path.name}"
        finally:
            os.close(folder)


def _found(path: Path) -> os.stat_result | None:
    """Return what is at a path; None when nothing is there."""
    try:
        return path.lstat()
    except OSError:
        return None


def _is_same(own: os.stat_result, found: os.stat_result | None) -> bool:
    return found is not None and (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)
