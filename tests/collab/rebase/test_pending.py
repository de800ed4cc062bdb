"""A client's own patches, as both sides rebase them until they are answered."""

from __future__ import annotations

from collab.entry import Op
from collab.rebase.pending import exact_ops, normalize

SPLICE: Op = {"op": "splice", "path": "/t", "offset": 3, "delete": 0, "insert": "!"}
REPLACE: Op = {"op": "replace", "path": "/t", "value": "one!"}


def test_r10_a_splice_of_an_own_patch_is_a_replaced_text() -> None:
    assert exact_ops({"t": "one"}, [SPLICE]) == [REPLACE]
    assert normalize({"t": "one"}, [SPLICE]) == [REPLACE]


def test_r10_a_failing_test_of_an_own_patch_is_ignored() -> None:
    test: Op = {"op": "test", "path": "/t", "value": "two"}
    assert exact_ops({"t": "one"}, [test, REPLACE]) == [REPLACE]
