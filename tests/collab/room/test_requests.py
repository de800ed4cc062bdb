"""Requests: a lock request of the wire, and the digests that the log stores."""

from __future__ import annotations

import pytest

from collab import messages
from collab.room.request_digest import digest_of
from collab.room.requests import (
    Create,
    LockRequest,
    PatchRequest,
    Replace,
    RequestWithId,
    RestoreVersion,
    UndoRequest,
)

OPS = [{"op": "add", "path": "/a", "value": 1}]
SPLICE = [{"op": "splice", "path": "/t", "offset": 2, "insert": "x"}]


def test_a_lock_request_of_the_wire_keeps_each_field() -> None:
    sent = messages.LockRequest("l", "renew", "/a", 4, "l-7", 30.0)
    assert LockRequest.of(sent) == LockRequest("l", "renew", "/a", 4, "l-7", 30.0)


@pytest.mark.parametrize(
    ("request_", "digest"),
    [
        (PatchRequest("p", 1, OPS), "58d26dc4c3ad216fc74d36dc47f06e22"),
        (PatchRequest("p", 1, SPLICE), "4b4c87655024579185beb9560698f55d"),
        (Create({"a": 1}), "0081f059c25ab724d6893546687e89cf"),
        (Replace({"a": 1}, 1), "f33e300faea3233c416ab89bb756ec40"),
        (RestoreVersion(3, {}, "/a"), "c70d5288ecf539772d6efed8c3570a9c"),
        (UndoRequest("u", "/a"), "dd4211474983c30624352fe1420335cb"),
        (UndoRequest("u", "/a", redo=True, version=2), "a82ca31320567cac9c279a15707376ab"),
    ],
)
def test_the_digest_of_a_request_stays_what_the_log_has_stored(
    request_: RequestWithId, digest: str
) -> None:
    assert digest_of(request_).hex() == digest
