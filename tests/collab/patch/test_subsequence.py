"""The longest common subsequence, compared with the usual table."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collab.patch.subsequence import common_blocks, replacements

words = st.lists(st.sampled_from(["a", "b", "c", " "]), max_size=14)


def longest(old: list[str], new: list[str]) -> int:
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, one in enumerate(old):
        for j, other in enumerate(new):
            grown = table[i][j] + 1
            table[i + 1][j + 1] = grown if one == other else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@given(words, words)
def test_the_blocks_are_a_longest_common_subsequence(old: list[str], new: list[str]) -> None:
    at_old = at_new = 0
    for block in common_blocks(old, new):
        assert block.old >= at_old
        assert block.new >= at_new
        at_old, at_new = block.old + block.length, block.new + block.length
        assert old[block.old : at_old] == new[block.new : at_new]
    assert sum(block.length for block in common_blocks(old, new)) == longest(old, new)


@given(words, words)
def test_the_replacements_turn_old_into_new(old: list[str], new: list[str]) -> None:
    made, at = [], 0
    for gap in replacements(old, new):
        made += old[at : gap.start] + new[gap.new_start : gap.new_end]
        at = gap.end
    assert made + old[at:] == new


def test_common_blocks_do_not_touch() -> None:
    blocks = common_blocks(list("the cat sat"), list("the bat sat down"))
    assert all(
        (one.old + one.length, one.new + one.length) != (other.old, other.new)
        for one, other in pairwise(blocks)
    )


def test_texts_that_share_only_spaces_take_few_comparisons() -> None:
    """Each item is compared once on the way forward and once on the way back."""

    class Word(str):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Word.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    old = [Word(" " if number % 2 else f"old {number}") for number in range(1_000)]
    new = [Word(" " if number % 2 else f"new {number}") for number in range(1_000)]
    assert sum(block.length for block in common_blocks(old, new)) == 500
    assert Word.compared < 20 * 2_000
