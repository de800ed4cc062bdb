"""The index of characters keeps no ids of a text that was inserted again."""

from __future__ import annotations

import pytest

from collab.identity.characters import Characters
from collab.identity.identity_index import IdentityIndex
from collab.yjs.spans import Id

FIRST = (7, 10)  # the first id of a text
OTHERS = ((7, 9), (7, 13), (8, 10))


@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.parametrize("others", [OTHERS, OTHERS[:1]], ids=["four texts", "two texts"])
def test_u10_the_cached_ids_of_a_text_end_with_its_reinsertion(
    length: int, others: tuple[Id, ...]
) -> None:
    """The number of cached texts decides how they are found."""
    identity = IdentityIndex()
    for own in (FIRST, *others):
        identity.cache(own, Characters([(*own, 5)]))
    identity.add_reinsertion((*FIRST, length, 1, 100))
    assert identity.cached(FIRST) is None
    assert all(identity.cached(own) is not None for own in others)


def test_all_cached_ids_can_be_dropped() -> None:
    identity = IdentityIndex()
    for own in (FIRST, *OTHERS):
        identity.cache(own, Characters([(*own, 5)]))
    identity.forget_texts()
    assert all(identity.cached(own) is None for own in (FIRST, *OTHERS))
