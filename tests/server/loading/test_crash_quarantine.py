"""The crash quarantine: which documents stay closed after crashes, and for how long."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from collab.ids import DocKey
from server.loading.crash_quarantine import CRASHES, CrashQuarantine

HOME, AWAY = DocKey("demo", "home"), DocKey("demo", "away")


def crash(path: Path, *keys: DocKey, epoch: int = 1) -> None:
    """Let a process end while it opens these documents."""
    quarantine, file = CrashQuarantine(path), Path(f"{path}.opening")
    with ExitStack() as stack:
        for key in keys:
            stack.enter_context(quarantine.watching(key, epoch))
        assert quarantine._slots is not None
        quarantine._slots.flush()
        at_the_crash = file.read_bytes()
    quarantine.close()
    file.write_bytes(at_the_crash)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weft.db-8080"


def test_a_document_is_closed_after_so_many_crashes_and_others_are_not(path: Path) -> None:
    closed = []
    for _ in range(CRASHES):
        crash(path, HOME)
        quarantine = CrashQuarantine(path)
        closed.append(quarantine.is_quarantined(HOME, 1))
        assert not quarantine.is_quarantined(AWAY, 1)
        assert not quarantine.is_quarantined(HOME, 2), "another epoch counts for itself"
        quarantine.close()
    assert closed == [False, True]


def test_documents_that_are_opened_at_once_are_counted_each(path: Path) -> None:
    for _ in range(CRASHES):
        crash(path, HOME, AWAY)
    quarantine = CrashQuarantine(path)
    assert quarantine.is_quarantined(HOME, 1)
    assert quarantine.is_quarantined(AWAY, 1)
    quarantine.close()


def test_a_successful_opening_clears_the_count_for_later_processes_too(path: Path) -> None:
    crash(path, HOME)
    quarantine = CrashQuarantine(path)
    with quarantine.opening(HOME, 1):
        pass
    quarantine.close()
    crash(path, HOME)
    quarantine = CrashQuarantine(path)
    assert not quarantine.is_quarantined(HOME, 1)
    quarantine.close()


def test_a_step_that_ends_is_no_crash(path: Path) -> None:
    for _ in range(CRASHES):
        quarantine = CrashQuarantine(path)
        with quarantine.watching(HOME, 1):
            pass
        with pytest.raises(RuntimeError), quarantine.opening(HOME, 1):
            raise RuntimeError("an exception is no crash")
        quarantine.close()
    assert not CrashQuarantine(path).is_quarantined(HOME, 1)


def test_more_documents_than_slots_are_opened_without_a_count(path: Path) -> None:
    quarantine = CrashQuarantine(path)
    watched = [quarantine.watching(DocKey("demo", str(number)), 1) for number in range(20)]
    for one in watched:
        one.__enter__()
    for one in watched:
        one.__exit__(None, None, None)
    assert sorted(quarantine._free) == list(range(16))
    assert quarantine._slots is not None
    assert not bytes(quarantine._slots).strip(b"\0")
    quarantine.close()


def test_without_a_path_or_with_a_damaged_file_nothing_is_counted(path: Path) -> None:
    for text in ("[", "[1]", '{"a": "x"}'):
        Path(f"{path}.crashes").write_text(text)
        quarantine = CrashQuarantine(path)
        assert not quarantine.is_quarantined(HOME, 1)
        quarantine.close()
    nothing = CrashQuarantine(None)
    with nothing.opening(HOME, 1):
        assert not nothing.is_quarantined(HOME, 1)
    unreachable = CrashQuarantine(path / "missing" / "folder")
    with unreachable.opening(HOME, 1):
        assert not unreachable.is_quarantined(HOME, 1)


def test_a_closed_quarantine_keeps_no_names(path: Path) -> None:
    quarantine = CrashQuarantine(path)
    quarantine.close()
    quarantine.close()
    with quarantine.watching(HOME, 1):
        assert not Path(f"{path}.opening").read_bytes().strip(b"\0")
    CrashQuarantine(None).close()


def test_workers_have_files_of_their_own_and_count_together(path: Path) -> None:
    one, two = CrashQuarantine(path, worker=1), CrashQuarantine(path, worker=2)
    with one.watching(HOME, 1), two.watching(HOME, 1):
        at_the_crash = Path(f"{path}.1.opening").read_bytes()
        assert b"demo/home 1" in at_the_crash
    for worker in (1, 2):
        assert not one.is_quarantined(HOME, 1)
        Path(f"{path}.{worker}.opening").write_bytes(at_the_crash)
        CrashQuarantine(path, worker).close()
    assert one.is_quarantined(HOME, 1), "the workers crashed once each"
    assert two.is_quarantined(HOME, 1)
    one.close()
    two.close()
