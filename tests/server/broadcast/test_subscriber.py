"""A submission: where its answer goes, and the oldest version that it needs."""

from __future__ import annotations

from collab.errors import Code, Rejected
from collab.rebase.pipeline import Pipeline
from collab.room.requests import (
    Answer,
    LockRequest,
    PatchRequest,
    ReadState,
    ReadStateVector,
    Replace,
    Request,
    Update,
)
from server.broadcast.subscriber import Submission
from tests.collab.room.rooms import member
from tests.server.scene import scene


def submission(request: Request) -> Submission:
    return Submission(member(pipelines=True), request, 0.0)


def test_only_reads_are_reads() -> None:
    reads = (ReadState(b"\0"), ReadStateVector())
    writes = (PatchRequest("p", 1, []), Update(b""), LockRequest("l", "acquire", "/a"))
    assert [submission(one).is_read for one in (*reads, *writes)] == [True] * 2 + [False] * 3


def test_a_patch_and_a_lock_request_need_the_entries_since_their_base() -> None:
    assert submission(PatchRequest("p", 3, [])).oldest_base == 3
    assert submission(LockRequest("l", "acquire", "/a", base=4)).oldest_base == 4
    for request in (PatchRequest("p", None, []), Replace({}, 3), Update(b"")):
        assert submission(request).oldest_base is None


def test_a_patch_behind_pending_ones_needs_the_entries_since_their_base() -> None:
    one = submission(PatchRequest("p", 5, []))
    pipeline = one.member.pipeline = Pipeline(2)
    pipeline.submit(2, [], lambda _: [], {}, after="")
    pipeline.applied_as(3, [])
    assert one.oldest_base == 2
    assert submission(PatchRequest("p", 1, [])).oldest_base == 1


async def test_a_refusal_at_the_stop_reaches_a_caller_and_no_connection() -> None:
    async with scene() as it:
        got: list[Answer | Exception] = []
        error = Rejected(Code.STORAGE_UNAVAILABLE, "restarting")
        Submission(it.ada.member, ReadStateVector(), 0.0, deliver=got.append).refuse(error)
        Submission(it.ada.member, ReadStateVector(), 0.0, subscriber=it.ada).refuse(error)
        assert got == [error]
        assert it.events() == []
