"""An import that breaks off, on SQLite: it becomes visible when it is complete, or not at all."""

from __future__ import annotations

from pathlib import Path

from tests.faults.interrupted_import import UNLIMITED, check_kills, check_writer
from tests.running import RunningServer


def test_d18_an_import_that_is_killed_leaves_nothing_and_its_name_free(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        check_kills(server, 3)


def test_d18_no_edit_lands_in_the_middle_of_an_import(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        check_writer(server)
