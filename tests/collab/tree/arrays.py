"""Updates with long Y.Arrays, made without pycrdt, which needs quadratic time for them."""

from __future__ import annotations

from itertools import pairwise

from tests.collab.yjs.updates import NULL, plain, shared, update


def array_of_maps(count: int, *, client: int, key: str = "list") -> bytes:
    """Return an update with a Y.Array of maps with one entry each."""
    [whole] = arrays_of_maps(count, client=client, pieces=1, key=key)
    return whole


def arrays_of_maps(count: int, *, client: int, pieces: int, key: str = "list") -> list[bytes]:
    """Return updates that together bring a Y.Array of maps with one entry each."""
    structs = [shared(0, root="content", key=key)]
    for number in range(count):
        own = 1 + 2 * number
        place = {"origin": (client, own - 2)} if number else {"parent": (client, 0)}
        structs += [shared(1, **place), plain(NULL, parent=(client, own), key="n")]
    starts = [0, *(1 + 2 * (count // pieces) * part for part in range(1, pieces)), len(structs)]
    return [update((client, start, structs[start:end])) for start, end in pairwise(starts)]
