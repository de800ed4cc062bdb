"""The estimate is never below the blocks of a document, and seldom needs a count."""

from __future__ import annotations

from collab.document.document import Document
from collab.structs.block_estimate import BlockEstimate, with_replaced
from collab.yjs.state_pieces import count_structs
from tests.collab.document.world import World


def test_the_estimate_bounds_the_blocks_of_a_random_document() -> None:
    for seed in range(4):
        made = World(seed)
        for _ in range(40):
            made.step()
            estimate = made.document.blocks
            blocks = count_structs(made.document.update_since(b"\0"))
            assert blocks <= estimate.counted + estimate.since + 1
        made.close()


def test_small_changes_need_no_new_count() -> None:
    estimate = BlockEstimate(0, {})
    for _ in range(3):
        estimate.since += 500
    assert estimate.may_exceed(1_000)
    assert not estimate.may_exceed(2_000)
    assert not estimate.may_exceed(0)  # no limit
    estimate.count(b"\0\0", 0)
    assert not estimate.may_exceed(1_000)
    assert not estimate.exceeds(1_000)


def test_blocks_that_a_renewal_could_not_remove_do_not_count() -> None:
    document = Document.create(1)
    for number in range(100):
        ops = [{"op": "add", "path": f"/k{number % 2}", "value": number}]
        document.patch(ops, version=number + 1, user="ada", at=number)
    estimate, state = document.blocks, document.update_since(b"\0")
    estimate.count(state, 2)
    assert estimate.exceeds(50)
    assert estimate.may_exceed(50)  # without another change
    assert not estimate.may_exceed(100)
    estimate.renewed(state, 2)
    assert not estimate.exceeds(0)
    assert not estimate.may_exceed(1)


def test_the_newest_renewal_counts_for_each_client() -> None:
    deletes_of_two = b"\0\2\1\2\0\1\3\4\5\1\2\6"
    assert with_replaced({9: 1, 5: 1}, deletes_of_two) == {1: 7, 5: 8, 9: 1}
    assert with_replaced({9: 1}, b"\0\0") == {9: 1}
