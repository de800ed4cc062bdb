"""Contents in files: whole or absent, private, in their folder, and gone when the disk is full."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from collab.ports.assets import ANY_TIME, PIECE_BYTES, StorageFull
from collab.ports.store import StorageUnavailable
from storage.assets import files
from storage.assets.contents import PiecePlace
from storage.assets.files import FileContents


@pytest.fixture
async def contents(tmp_path: Path) -> AsyncIterator[FileContents]:
    made = FileContents(tmp_path / "assets")
    yield made
    made.close()


def every_file(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_file_has_all_contents_one_after_the_other(
    contents: FileContents, tmp_path: Path
) -> None:
    await contents.write("demo", "abcd-1", [b"original", b"480"])
    [path] = every_file(tmp_path)
    assert path == tmp_path / "assets" / "demo" / "ab" / "abcd-1"
    assert path.read_bytes() == b"original480"
    assert await contents.read("demo", "abcd-1", PiecePlace(1, 8, 3)) == b"480"
    assert await contents.read("other", "abcd-1", PiecePlace(1, 8, 3)) is None


async def test_only_the_server_s_user_may_read_the_files(
    contents: FileContents, tmp_path: Path
) -> None:
    await contents.write("demo", "abcd-1", [b"x"])
    for path in (tmp_path / "assets").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE((tmp_path / "assets").stat().st_mode) == 0o700


@pytest.mark.parametrize("tenant", ["..", "", "a/b", "/", "Demo", "a" * 64, "."])
async def test_a_tenant_cannot_leave_the_folder(contents: FileContents, tenant: str) -> None:
    with pytest.raises(ValueError, match="names no file"):
        await contents.write(tenant, "abcd-1", [b"x"])


@pytest.mark.parametrize("file", ["../x", "ab/../../x", ".hidden", "a\0b/"])
async def test_a_file_cannot_leave_its_folder(contents: FileContents, file: str) -> None:
    with pytest.raises(ValueError, match="names no file"):
        await contents.read("demo", file, PiecePlace(0, 0, 1))


async def test_a_file_is_never_overwritten(contents: FileContents, tmp_path: Path) -> None:
    await contents.write("demo", "abcd-1", [b"first"])
    with pytest.raises(StorageUnavailable):
        await contents.write("demo", "abcd-1", [b"second"])
    assert await contents.read("demo", "abcd-1", PiecePlace(0, 0, 5)) == b"first"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("fails", ["write", "sync"])
async def test_a_full_disk_leaves_nothing(
    contents: FileContents,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    fails: str,
) -> None:
    def refuse(_: object) -> int:
        raise OSError(code, "full")

    await contents.write("demo", "abcd-1", [b"before"])
    if fails == "sync":
        monkeypatch.setattr(os, "fsync", refuse)
        bodies: Sequence[bytes] = [b"x"]
    else:
        bodies = [b"x" * PIECE_BYTES, b"x" * PIECE_BYTES]
        monkeypatch.setattr(files, "memoryview", refuse, raising=False)
    with pytest.raises(StorageFull):
        await contents.write("demo", "abcd-2", bodies)
    assert [path.name for path in every_file(tmp_path)] == ["abcd-1"]


async def test_another_failure_of_the_disk_leaves_nothing(
    contents: FileContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageUnavailable, match="broken"):
        await contents.write("demo", "abcd-1", [b"x"])
    assert every_file(tmp_path) == []


async def test_only_older_files_are_listed(contents: FileContents, tmp_path: Path) -> None:
    for name, seconds in (("old", 10), ("new", 20)):
        await contents.write("demo", name, [b"x"])
        os.utime(tmp_path / "assets" / "demo" / name[:2] / name, (seconds, seconds))
    assert await contents.files("demo", 20_000) == ["old"]
    assert sorted(await contents.files("demo", ANY_TIME)) == ["new", "old"]
    assert await contents.files("other", ANY_TIME) == []
    await contents.drop("demo", "old")
    await contents.drop("demo", "old")
    assert await contents.files("demo", ANY_TIME) == ["new"]
