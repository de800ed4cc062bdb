"""On SQLite an import becomes visible when it is complete; an interrupted one leaves nothing."""

from __future__ import annotations

from pathlib import Path

from tests.faults.interrupted_import import check_kills, check_writer
from tests.running import UNLIMITED, RunningServer


def test_d18_a_killed_import_leaves_nothing_and_its_name_free(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        check_kills(server, 3)


def test_d18_no_edit_lands_in_the_middle_of_an_import(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        check_writer(server)
