"""`weft serve` prints its address once it answers there, or the reason why it cannot start."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.running import WEFT


@contextmanager
def weft(home: Path, *flags: str) -> Iterator[subprocess.Popen[str]]:
    """Run `weft serve` on a new database, and end it with SIGTERM."""
    database = f"sqlite+aiosqlite:///{home}/weft.db"
    process = subprocess.Popen(
        [str(WEFT), "serve", "--database", database, *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        assert process.stdout is not None
        process.stdout.close()


def said(process: subprocess.Popen[str]) -> str:
    """Return the output of a process that ends by itself."""
    assert process.stdout is not None
    text = process.stdout.read()
    process.wait(15)
    return text


@pytest.mark.parametrize("flags", [(), ("--demo",)])
def test_the_printed_address_answers(tmp_path: Path, flags: tuple[str, ...]) -> None:
    with weft(tmp_path, "--port", "0", *flags) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if where := re.match(r"Weft serves (http://127\.0\.0\.1:[1-9]\d*)", line):
                break
        assert where is not None
        with urllib.request.urlopen(f"{where[1]}/readyz", timeout=10) as answer:
            assert answer.status == 200


def test_a_taken_port_is_refused_and_not_printed_as_address(tmp_path: Path) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with weft(tmp_path, "--port", str(port)) as process:
            text = said(process)
    assert "Weft serves" not in text
    where = f"another program listens on port {port} of 127.0.0.1 (address already in use)"
    assert f"{where}: stop it, or set WEFT_PORT to another port" in text
    assert "Traceback" not in text
    assert process.returncode != 0


def test_a_database_of_a_newer_version_is_refused_with_a_reason(tmp_path: Path) -> None:
    with weft(tmp_path, "--port", "0") as process:
        assert process.stdout is not None
        assert "Weft serves" in process.stdout.readline()
    with closing(sqlite3.connect(tmp_path / "weft.db")) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
        file.commit()
    with weft(tmp_path, "--port", "0") as process:
        text = said(process)
    assert "Weft cannot start: the database's schema is at revision 9999" in text
    assert "Traceback" not in text
    assert process.returncode != 0


def test_a_database_file_serves_only_one_server(tmp_path: Path) -> None:
    with weft(tmp_path, "--port", "0") as first:
        assert first.stdout is not None
        assert "Weft serves" in first.stdout.readline()
        with weft(tmp_path, "--port", "0") as second:
            text = said(second)
        assert f"weft: process {first.pid} on " in text
        assert f"serves {tmp_path}/weft.db alone: stop it first" in text
        assert "Traceback" not in text
        assert second.returncode == 3
        token = [str(WEFT), "token", "--user", "ada", "--role", "editor"]
        database = f"sqlite+aiosqlite:///{tmp_path}/weft.db"
        subprocess.run([*token, "--database", database], check=True, capture_output=True)
        first.kill()
        first.wait(15)
        with weft(tmp_path, "--port", "0") as third:
            assert third.stdout is not None
            assert "Weft serves" in third.stdout.readline()
