"""Contents of assets in files, in a folder beside the SQLite file.

The path of a file is `TENANT/AB/FILE`, with the first two characters of the file's name. A name is
used only once, and a file is complete on the disk before the row that names it. So readers never
see a part of a file. A file without a row is a stray: a crash or a failed upload has left it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from collab.ids import is_tenant_name
from collab.ports.assets import FULL, StorageFull
from collab.ports.store import StorageUnavailable
from storage.assets.contents import PiecePlace

T = TypeVar("T")

SUFFIX = "-assets"
# Bytes of one call of `write`. The thread that writes holds no lock meanwhile.
_WRITE_BYTES = 1 << 20


class FileContents:
    """Contents in files, one file for an asset.

    Invariant: no file is read or written in the event loop's thread. A slow write does not delay
    reads: they use another thread.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="asset-writer")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="asset-reader")

    async def write(self, tenant: str, file: str, bodies: Sequence[bytes]) -> None:
        await self._run(self._writer, lambda: _write(self._path(tenant, file), bodies))

    def insert(self, connection: Connection, file: str, bodies: Sequence[bytes]) -> None:
        """Do nothing: `write` has stored the contents."""

    async def read(self, tenant: str, file: str, place: PiecePlace) -> bytes | None:
        return await self._run(self._readers, lambda: _read(self._path(tenant, file), place))

    def remove(self, connection: Connection, file: str) -> None:
        """Do nothing: `drop` removes the contents after the transaction."""

    async def drop(self, tenant: str, file: str) -> None:
        path = self._path(tenant, file)
        await self._run(self._writer, lambda: path.unlink(missing_ok=True))

    async def files(self, tenant: str, before: int) -> list[str]:
        folder = self._folder / tenant
        return await self._run(self._readers, lambda: list(_older(folder, before)))

    def close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()

    def _path(self, tenant: str, file: str) -> Path:
        if not is_tenant_name(tenant) or not file.isascii() or "/" in file or file[:1] == ".":
            raise ValueError(f"{tenant}/{file} names no file of an asset")
        return self._folder / tenant / file[:2] / file

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, work)
        except OSError as error:
            if error.errno in FULL:
                raise StorageFull("the disk has no room for the asset") from error
            raise StorageUnavailable(f"the folder of the assets failed: {error}") from error


def _write(path: Path, bodies: Sequence[bytes]) -> None:
    _make_folder(path.parent)
    file = open(path, "xb", buffering=0, opener=_private)  # noqa: SIM115 - closed below
    try:
        with file:
            for body in bodies:
                view = memoryview(body)
                while view:
                    view = view[file.write(view[:_WRITE_BYTES]) :]
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except BaseException:  # nothing stays, also when the process is asked to end
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it. Each is on the disk before anything in it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _read(path: Path, place: PiecePlace) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:
            file.seek(place.start)
            return file.read(place.size)
    except FileNotFoundError:
        return None


def _older(folder: Path, before: int) -> Iterator[str]:
    if not folder.is_dir():
        return
    for each in os.scandir(folder):
        if each.is_dir(follow_symlinks=False):
            for file in os.scandir(each.path):
                with suppress(FileNotFoundError):  # deleted meanwhile
                    if file.stat(follow_symlinks=False).st_mtime * 1000 < before:
                        yield file.name
