"""Tests of the places and deletions of one client's clocks."""

from __future__ import annotations

from collab.structs.clock_runs import ClockRuns
from collab.yjs.lists import StructPlace

TEXT = StructPlace(4, 1, holds=False, takes_text=True)
TYPE = StructPlace(8, 2, holds=True)


def test_equal_places_are_one_run() -> None:
    runs = ClockRuns()
    for clock, place in enumerate((TEXT, TEXT, TYPE, TYPE, TEXT)):
        runs.append(clock, place)
    assert list(runs.starts) == [0, 2, 4]
    assert [runs.place(clock) for clock in range(5)] == [TEXT, TEXT, TYPE, TYPE, TEXT]
    assert [runs.find(4, 0), runs.find(4, 1), runs.find(4, 3)] == [0, 2, -1]


def test_a_run_in_a_y_array_says_how_many_of_its_clocks_are_not_deleted() -> None:
    runs = ClockRuns()
    item = TYPE._replace(list=12, array=3)
    for clock, place in ((0, TEXT), (10, item), (20, TYPE)):
        runs.append(clock, place)
    runs.delete(12, 14)
    assert list(runs.alive_in_arrays(1, 30)) == [(item, 10, 8)]
    assert list(runs.alive_in_arrays(13, 16)) == [(item, 13, 2)]
    assert list(runs.alive_in_arrays(1, 9)) == []
    assert list(runs.alive_in_arrays(17, 15)) == []


def test_deleted_ranges_that_touch_are_one() -> None:
    runs = ClockRuns()
    for start, end in ((8, 9), (0, 2), (4, 6), (2, 4)):
        runs.delete(start, end)
    assert runs.deleted == [(0, 6), (8, 9)]
    assert runs.has_deleted(1, 6)
    assert not runs.has_deleted(5, 9)


def test_the_ranges_between_the_deleted_ones_are_alive() -> None:
    runs = ClockRuns()
    for start, end in ((2, 4), (8, 9)):
        runs.delete(start, end)
    assert list(runs.alive(0, 12)) == [(0, 2), (4, 8), (9, 12)]
    assert list(runs.alive(3, 8)) == [(4, 8)]
    assert list(runs.alive(5, 7)) == [(5, 7)]
    assert list(runs.alive(8, 9)) == []


def test_a_cut_splits_a_surrogate_pair() -> None:
    runs = ClockRuns()
    runs.pairs.append(3)
    assert [runs.cuts(clock) for clock in (2, 3, 4)] == [False, True, False]
