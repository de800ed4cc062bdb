"""Tests of the count of blocks in each type."""

from __future__ import annotations

from collab.structs.block_counts import BlockCounts
from collab.yjs.contents import STRING
from collab.yjs.lists import KEYED, StructPlace
from collab.yjs.update import Struct

TEXT = StructPlace(5, 1, holder=4)
KEY = StructPlace(8 | KEYED, 1, holder=4)


def string(clock: int, origin: int | None) -> Struct:
    return Struct(clock, clock + 1, STRING, None if origin is None else (1, origin))


def test_letters_that_continue_each_other_are_one_block() -> None:
    counts = BlockCounts()
    for clock in range(5):
        counts.add(1, string(clock, clock - 1), TEXT, is_block=False)
    assert counts.of(4) == 1


def test_a_letter_elsewhere_may_split_a_block() -> None:
    counts = BlockCounts()
    for clock, origin in ((0, None), (1, 0), (2, 0)):
        counts.add(1, string(clock, origin), TEXT, is_block=False)
    assert counts.of(4) == 4


def test_each_value_of_a_key_is_a_block() -> None:
    counts = BlockCounts()
    for clock in range(3):
        counts.add(1, string(clock, clock - 1), KEY, is_block=False)
    assert counts.of(4) == 3


def test_a_cut_adds_a_block_to_a_type_with_content() -> None:
    counts = BlockCounts()
    counts.cut(TEXT)
    assert counts.of(4) == 0
    counts.add(1, string(0, None), TEXT, is_block=True)
    counts.cut(TEXT)
    assert counts.of(4) == 2
