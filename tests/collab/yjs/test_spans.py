"""Spans, compared with a plain dictionary of single ids."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collab.yjs.spans import Id, Run, Spans

RUN = st.tuples(st.integers(1, 2), st.integers(0, 30), st.integers(0, 12))
TARGET = st.tuples(st.integers(5, 6), st.integers(0, 3))


def units(run: Run) -> list[Id]:
    client, clock, length = run
    return [(client, clock + at) for at in range(length)]


@given(st.lists(st.tuples(RUN, TARGET), max_size=12), RUN, st.booleans())
def test_the_latest_put_wins_for_each_id(
    puts: list[tuple[Run, Id]], asked: Run, constant: bool
) -> None:
    spans, plain, step = Spans(constant=constant), dict[Id, Id](), 0 if constant else 1
    for run, (client, clock) in puts:
        spans.put(run, (client, clock))
        plain.update({one: (client, clock + step * at) for at, one in enumerate(units(run))})
    found: list[tuple[Id, Id | None]] = []
    for part, to in spans.pieces(asked):
        assert part[2] > 0
        for at, one in enumerate(units(part)):
            found.append((one, None if to is None else (to[0], to[1] + step * at)))
    assert found == [(one, plain.get(one)) for one in units(asked)]


def test_constant_spans_that_touch_are_joined() -> None:
    spans = Spans(constant=True)
    for clock in (4, 2, 3, 8):
        spans.put((1, clock, 1), (7, 0))
    assert len(spans) == 2
    assert list(spans.pieces((1, 0, 6))) == [
        ((1, 0, 2), None),
        ((1, 2, 3), (7, 0)),
        ((1, 5, 1), None),
    ]
