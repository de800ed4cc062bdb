"""A change among equal letters stays where its author has put it."""

from __future__ import annotations

import pytest

from tests.collab.document import places_world


@pytest.mark.parametrize("seed", range(25))
def test_each_reader_sees_a_change_where_its_author_has_put_it(seed: int) -> None:
    places_world.run(seed, 20)


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_each_reader_sees_each_change_in_thousands_of_texts(block: int) -> None:
    for seed in range(1_000 + block * 100, 1_100 + block * 100):
        places_world.run(seed, 40)
