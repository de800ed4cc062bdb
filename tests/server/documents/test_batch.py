"""A batch: its order, its limits, the pipelines that it restores, and the answers to verify."""

from __future__ import annotations

from collab.entry import Accepted, Author, Entry
from collab.errors import Code, Refusal
from collab.flow.budget import Allowance, ByteAndMessageBudget
from collab.rebase.pipeline import Pipeline
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.recent_ids import RecentIds
from collab.room.requests import Answer, Barrier, PatchRequest, Request, Update
from server.broadcast.subscriber import Submission
from server.documents.batch import MAX_BATCH, Batch
from server.documents.request_queue import RequestQueue

NOW = 100.0


def member(user: str = "ada") -> Member:
    return Member(Author(user), Rights(Role.EDITOR, 2**53), "patch", pipelines=True)


def patch(id: str) -> PatchRequest:
    return PatchRequest(id, None, [{"op": "add", "path": "/a", "value": 1}])


def submission(request: Request, by: Member | None = None) -> Submission:
    return Submission(by or member(), request, 0.0)


def refused(code: Code) -> Answer:
    return Answer(1, refusal=Refusal(code, "no"))


def entry(id: str, size: int = 0) -> Entry:
    return Entry(2, Author("ada"), 0, "edit", [], bytes(size), id=id)


def test_requests_and_answers_come_out_in_their_order() -> None:
    batch = Batch()
    added = [(submission(patch(id)), Answer(number)) for number, id in enumerate("abc")]
    for one, answer in added:
        batch.add(one, answer, 0.0)
    assert bool(batch)
    assert batch.finish() == added
    assert not batch


def test_a_batch_is_full_at_its_limit_and_empty_again_after_its_end() -> None:
    batch = Batch()
    for number in range(MAX_BATCH):
        assert not batch.is_full
        batch.add(submission(patch(str(number))), Answer(1), 0.0)
    full = [batch.is_full]
    assert len(batch.discard()) == MAX_BATCH
    full.append(batch.is_full)
    assert full == [True, False]


def test_the_first_part_of_a_long_update_closes_the_batch() -> None:
    batch = Batch()
    batch.add(submission(Update(b"first")), Answer(2, rest=[b"more"]), 0.0)
    full = [batch.is_full]
    batch.finish()
    full.append(batch.is_full)
    assert full == [True, False]


def test_a_discarded_batch_restores_the_pipeline_from_before_its_first_request() -> None:
    batch, ada = Batch(), member()
    before = ada.pipeline = Pipeline(3)
    ada.rejected_patch = ("old", 1)
    batch.save_pipeline(ada)
    ada.pipeline, ada.rejected_patch = Pipeline(9), None
    batch.save_pipeline(ada)  # for its second request
    batch.add(submission(patch("a"), ada), Answer(4), 0.0)
    batch.discard()
    restored: list[object] = [getattr(ada.pipeline, "base", None), ada.rejected_patch]
    assert restored == [before.base, ("old", 1)]


def test_a_durable_batch_leaves_pipelines_as_they_are() -> None:
    batch, ada = Batch(), member()
    batch.save_pipeline(ada)
    ada.pipeline = Pipeline(9)
    batch.add(submission(patch("a"), ada), Answer(4), 0.0)
    batch.finish()
    batch.discard()
    assert ada.pipeline is not None
    assert ada.pipeline.base == 9


def test_ids_without_an_entry_that_the_room_does_not_know_are_verified() -> None:
    batch, known, bo = Batch(), RecentIds(), member("bo")
    known.add([Accepted("ada", "known", 1)])
    batch.add(submission(patch("known")), Answer(1), 0.0)
    batch.add(submission(patch("made")), Answer(2, entry=entry("made")), 0.0)
    batch.add(submission(patch("refused")), refused(Code.CONFLICT), 0.0)
    batch.add(submission(patch("unchanged")), Answer(2), 0.0)
    batch.add(submission(patch("known"), bo), Answer(1), 0.0)
    batch.add(submission(Barrier(1)), Answer(1), 0.0)
    batch.add(submission(patch("")), Answer(1), 0.0)
    assert batch.ids_to_verify(known) == {"ada": ["refused", "unchanged"], "bo": ["known"]}


def test_a_refusal_by_locks_is_noticed() -> None:
    for code, is_by_locks in (
        (Code.LOCKED, True),
        (Code.STALE_LOCK, True),
        (Code.CONFLICT, False),
    ):
        batch = Batch()
        batch.add(submission(patch("a")), Answer(1), 0.0)
        batch.add(submission(patch("b")), refused(code), 0.0)
        assert batch.was_refused_by_locks() is is_by_locks


def test_a_stale_client_counts_once() -> None:
    batch = Batch()
    batch.add(submission(patch("fresh")), refused(Code.CONFLICT), 0.0)
    assert not batch.was_refused_as_stale()
    for id in "ab":
        batch.add(submission(patch(id)), refused(Code.STALE_DOCUMENT), 0.0)
    assert batch.was_refused_as_stale()
    assert all(one.read_log for one, _ in batch.answered[1:])
    assert not batch.answered[0][0].read_log
    assert not batch.was_refused_as_stale()


def test_authors_pay_after_the_batch_is_durable_and_a_discarded_batch_costs_nothing() -> None:
    ada = member()
    ada.budget = ByteAndMessageBudget(Allowance(1_000, 10_000), NOW)
    for is_durable in (False, True):
        batch = Batch()
        answer = Answer(2, entry=entry("a", 100_000))
        batch.add(submission(patch("a"), ada), answer, 0.0)
        assert ada.budget.wait(NOW) == 0
        _ = batch.finish() if is_durable else batch.discard()
        batch.charges.charge(RequestQueue(), NOW)
        assert (ada.budget.wait(NOW) > 0) is is_durable
