"""Moves between two orders: the same as on a real list, but in n log n."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.patch.apply import replay
from collab.patch.diff import MAX_MOVES, diff
from collab.patch.moves import elements_to_move, moves
from tests.line_count import lines_run


def slow_moves(wanted: list[int], movers: set[int]) -> Iterator[tuple[int, int]]:
    """The oracle: move each mover in a real list, right behind its neighbour."""
    order = sorted(wanted)
    before: int | None = None
    for element in wanted:
        if element in movers:
            source = order.index(element)
            del order[source]
            target = 0 if before is None else order.index(before) + 1
            order.insert(target, element)
            if source != target:
                yield source, target
        before = element


def longest_run(wanted: list[int]) -> int:
    """The oracle for the length of a longest increasing subsequence, in n^2."""
    best: list[int] = []
    for at, element in enumerate(wanted):
        best.append(1 + max((best[i] for i in range(at) if wanted[i] < element), default=0))
    return max(best, default=0)


def ranks(size: int) -> st.SearchStrategy[list[int]]:
    """Any order of some ranks. Ranks may be missing, like those of removed elements."""
    return st.lists(st.integers(0, 3 * size), unique=True, max_size=size)


def check(wanted: list[int]) -> None:
    movers = elements_to_move(wanted)
    assert len(wanted) - len(movers) == longest_run(wanted)
    assert list(moves(wanted, movers)) == list(slow_moves(wanted, set(movers)))


@pytest.mark.parametrize("size", range(7))
def test_p9_the_moves_of_each_short_order_match_the_oracle(size: int) -> None:
    for wanted in permutations(range(size)):
        check(list(wanted))


@given(ranks(40))
def test_p9_the_moves_of_random_orders_match_the_oracle(wanted: list[int]) -> None:
    check(wanted)


def turned(size: int) -> list[int]:
    return list(range(size))[::-1]


def shuffled(size: int) -> list[int]:
    order = list(range(size))
    random.Random(size).shuffle(order)
    return order


class Counted(int):
    """A number that counts its comparisons: `list.index` compares each element on its way."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) == other

    def __hash__(self) -> int:
        return int.__hash__(self)


@pytest.mark.parametrize("order", [turned, shuffled])
def test_p9_a_list_twice_as_long_takes_about_twice_the_work(
    order: Callable[[int], list[int]],
) -> None:
    small, large = order(1_000), order(2_000)
    assert lines_run(lambda: list(moves(large, elements_to_move(large)))) < 2.5 * lines_run(
        lambda: list(moves(small, elements_to_move(small)))
    )


@pytest.mark.parametrize("order", [turned, shuffled])
def test_p9_moves_search_for_no_element_in_a_list(order: Callable[[int], list[int]]) -> None:
    wanted = [Counted(rank) for rank in order(1_000)]
    movers = elements_to_move(wanted)
    Counted.compared = 0
    list(moves(wanted, movers))
    assert Counted.compared < 10 * len(wanted)


def test_p9_a_long_list_in_almost_the_same_order_is_only_moved() -> None:
    old = [{"id": str(number), "n": number} for number in range(20_000)]
    new = [*old[:50], *old[50:1_000][::-1], *old[1_000:]]
    ops = diff(old, new)
    assert {op["op"] for op in ops} == {"move"}
    assert len(ops) == 949
    assert replay(old, ops) == new


@pytest.mark.parametrize("length", [300, 700, 990, 1_500])
def test_p9_a_diff_has_a_bounded_number_of_moves_in_all(length: int) -> None:
    old = {f"a{number}": list(range(length)) for number in range(20)}
    new = {key: value[::-1] for key, value in old.items()}
    ops = diff(old, new)
    told = [op["op"] for op in ops]
    assert told.count("move") == MAX_MOVES // (length - 1) * (length - 1)
    assert told.count("replace") == 20 - MAX_MOVES // (length - 1)
    assert replay(old, ops) == new
