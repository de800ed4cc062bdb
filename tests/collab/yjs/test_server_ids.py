"""The server's Yjs client ids: each is recognized, and clients do not draw them."""

from __future__ import annotations

import random

from collab.yjs.server_ids import SERVER_IDS, server_id

EPOCHS = [1, 2, 3, 50, 1_795_877_807, 1_795_877_807_123, 2**53 - 1]


def test_d12_each_epoch_has_an_id_that_is_recognized() -> None:
    ids = [server_id(epoch) for epoch in EPOCHS]
    assert len(set(ids)) == len(ids)
    assert all(one in SERVER_IDS for one in ids)


def test_d12_the_first_id_is_1_and_all_others_have_53_bits() -> None:
    assert server_id(1) == 1
    assert {server_id(epoch).bit_length() for epoch in EPOCHS[1:]} == {53}


def test_d12_of_the_ids_that_yjs_draws_only_1_is_the_servers() -> None:
    drawn = random.Random(14)
    ids = {0, 2, *EPOCHS[1:5], 2**32 - 1, *(drawn.getrandbits(32) for _ in range(10_000))}
    assert [one for one in ids - {1} if one in SERVER_IDS] == []


def test_d12_almost_no_id_that_yrs_draws_is_the_servers() -> None:
    drawn = random.Random(21)
    assert not any(drawn.getrandbits(52) | 1 << 52 in SERVER_IDS for _ in range(10_000))
    assert server_id(2) + 1 not in SERVER_IDS
