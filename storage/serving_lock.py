"""The lock of a SQLite file: one server alone, or several servers that share a local bus.

A server keeps open documents in memory. It sees the commits of another server only through their
messages. So a server without a bus holds the lock alone, and no other server can start. Servers
with a bus hold the lock together. Commands may use the file while servers use it, because they keep
no documents in memory.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gethostname

from sqlalchemy import make_url

if sys.platform != "win32":
    import fcntl

SUFFIX = "-serving"
BUS_SUFFIX = "-bus"

# The lock file is truncated. A link in its place could name any file of the user.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # not on Windows


class AlreadyServedError(Exception):
    """Another process serves this file, and has no bus."""

    def __init__(self, database: Path, holder: str) -> None:
        super().__init__(
            f"{holder or 'another process'} serves {database} alone: stop it first, start it with "
            "WEFT_LOCAL_BUS=1, or use PostgreSQL for several servers"
        )


@contextmanager
def serving(url: str, *, shared: bool = False) -> Iterator[Path | None]:
    """Hold the lock of the database file, or raise `AlreadyServedError`.

    Yield the path of the bus when other servers may serve the file too. That is so when `shared` is
    true, or when other servers share the file already. Otherwise yield None.

    The lock file is never removed. Otherwise one process could lock the removed file, and another
    process a new file of the same name. The file's content is used in the error text only.
    """
    database = _file_of(url)
    if database is None:
        yield None
        return
    lock = os.open(f"{database}{SUFFIX}", os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)
    try:
        has_bus = _acquire(lock, database, shared)
        yield Path(f"{database}{BUS_SUFFIX}") if has_bus else None
    finally:
        os.close(lock)


def _file_of(url: str) -> Path | None:
    """Return the file of a URL, with links resolved; None for memory and for PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database)).resolve()


def _acquire(lock: int, database: Path, shared: bool) -> bool:
    """Take the lock, alone if possible. Return whether other servers can take it too."""
    has_bus = _lock(lock, database, shared)
    with suppress(OSError):  # on a full disk, the lock works without its content
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()} on {gethostname()}".encode(), 0)
    return has_bus


def _lock(lock: int, database: Path, shared: bool) -> bool:
    if sys.platform == "win32":
        return False
    for kind in (fcntl.LOCK_SH,) if shared else (fcntl.LOCK_EX, fcntl.LOCK_SH):
        with suppress(BlockingIOError):
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
            return kind == fcntl.LOCK_SH
    raise AlreadyServedError(database, _read(lock))


def _read(lock: int) -> str:
    return os.pread(lock, 1000, 0).decode(errors="replace")
