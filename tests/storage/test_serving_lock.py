"""One server alone may use a SQLite file, or several servers with a bus."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.serving_lock import AlreadyServedError, serving

HOLD = """
import sys
from storage.serving_lock import serving
with serving(sys.argv[1], shared=len(sys.argv) > 2):
    print("held", flush=True)
    sys.stdin.read()
"""


def url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@contextmanager
def holder(database: str, *flags: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that holds the file's lock until its input ends."""
    command = [sys.executable, "-c", HOLD, database, *flags]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


@pytest.mark.real
def test_a_second_server_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    file = tmp_path / "weft.db"
    with holder(url(file)) as process:
        with pytest.raises(AlreadyServedError) as refused, serving(url(file)):
            pass
        assert f"process {process.pid} on " in str(refused.value)
        assert str(file) in str(refused.value)
    with serving(url(file)):
        pass


@pytest.mark.real
def test_a_killed_process_releases_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "weft.db"
    with holder(url(file)) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with serving(url(file)), pytest.raises(AlreadyServedError) as refused, serving(url(file)):
        pass
    assert f"process {os.getpid()} on " in str(refused.value), (
        "the killed process must not be named"
    )


def test_two_files_in_one_folder_have_two_locks(tmp_path: Path) -> None:
    with serving(url(tmp_path / "one.db")), serving(url(tmp_path / "two.db")):
        pass


@pytest.mark.parametrize("through", ["linked.db", "folder/weft.db", "folder/../weft.db"])
def test_every_path_to_a_file_has_the_same_lock(tmp_path: Path, through: str) -> None:
    file = tmp_path / "real" / "weft.db"
    file.parent.mkdir()
    (tmp_path / "linked.db").symlink_to(file)  # the file does not exist yet
    (tmp_path / "folder").symlink_to(file.parent)
    (file.parent / "weft.db").touch()
    (tmp_path / "weft.db").symlink_to(file)
    again = serving(url(tmp_path / through))
    with serving(url(file)), pytest.raises(AlreadyServedError), again:
        pass


def test_a_relative_path_has_the_same_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    again = serving("sqlite+aiosqlite:///weft.db?timeout=3")
    with serving(url(tmp_path / "weft.db")), pytest.raises(AlreadyServedError), again:
        pass


@pytest.mark.parametrize(
    "database", ["sqlite+aiosqlite:///:memory:", "postgresql+asyncpg://u:p@host/weft"]
)
def test_memory_and_postgresql_have_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(database), serving(database):
        assert os.listdir(tmp_path) == []


def test_the_lock_file_is_for_its_owner_only(tmp_path: Path) -> None:
    with serving(url(tmp_path / "weft.db")):
        assert (tmp_path / "weft.db-serving").stat().st_mode & 0o777 == 0o600


@pytest.mark.real
@pytest.mark.parametrize("shared", [False, True])
def test_a_further_server_joins_the_servers_that_share_the_file(
    tmp_path: Path, shared: bool
) -> None:
    file = tmp_path / "weft.db"
    with holder(url(file), "shared"), serving(url(file), shared=shared) as bus:
        assert bus == tmp_path / "weft.db-bus"
        with serving(url(file)) as third:
            assert third == bus
    with serving(url(file)) as alone:
        assert alone is None, "the last server has ended"


@pytest.mark.real
def test_a_server_that_would_share_is_refused_by_a_server_without_a_bus(tmp_path: Path) -> None:
    file = tmp_path / "weft.db"
    with holder(url(file)) as process:
        with pytest.raises(AlreadyServedError) as refused, serving(url(file), shared=True):
            pass
        assert f"process {process.pid} on " in str(refused.value)
        assert "WEFT_LOCAL_BUS=1" in str(refused.value)


def test_a_server_that_shares_the_file_has_a_bus_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked.db").symlink_to(tmp_path / "real" / "weft.db")
    with serving(url(tmp_path / "linked.db"), shared=True) as bus:
        assert bus == tmp_path / "real" / "weft.db-bus", "every path leads to the same bus"
    with serving("sqlite+aiosqlite:///:memory:", shared=True) as bus:
        assert bus is None


def test_a_link_in_place_of_the_lock_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("kept")
    (tmp_path / "weft.db-serving").symlink_to(other)
    with pytest.raises(OSError, match=r"weft\.db-serving"), serving(url(tmp_path / "weft.db")):
        pass
    assert other.read_text() == "kept"
