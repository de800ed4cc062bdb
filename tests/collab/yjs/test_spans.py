"""Spans against a plain dictionary of single ids."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collab.yjs.spans import Id, Run, Spans

RUN = st.tuples(st.integers(1, 2), st.integers(0, 30), st.integers(0, 12))
TARGET = st.tuples(st.integers(5, 6), st.integers(0, 100))


def units(run: Run) -> list[Id]:
    client, clock, length = run
    return [(client, clock + at) for at in range(length)]


@given(st.lists(st.tuples(RUN, TARGET), max_size=12), RUN)
def test_the_latest_put_wins_for_each_id(puts: list[tuple[Run, Id]], asked: Run) -> None:
    spans, plain = Spans(), dict[Id, Id]()
    for run, (client, clock) in puts:
        spans.put(run, (client, clock))
        plain.update({one: (client, clock + at) for at, one in enumerate(units(run))})
    found: list[tuple[Id, Id | None]] = []
    for part, to in spans.pieces(asked):
        assert part[2] > 0
        for at, one in enumerate(units(part)):
            found.append((one, None if to is None else (to[0], to[1] + at)))
    assert found == [(one, plain.get(one)) for one in units(asked)]
