"""A member: which of its patches a reject bars."""

from __future__ import annotations

from collab.rebase.pipeline import Pipeline
from collab.room.member import MOST_REJECTED
from tests.collab.room.rooms import member, put


def test_a_reject_bars_patches_without_after_until_its_barrier_is_passed() -> None:
    ada = member(pipelines=True)
    assert [ada.reject_patch(id) for id in ("a", "b")] == [1, 2]
    barred = [ada.rejected_dependency(None)]
    for nonce in (1, 2):
        ada.pass_barrier(nonce)
        barred.append(ada.rejected_dependency(None))
    assert barred == ["b", "b", None]


def test_a_patch_with_after_depends_on_that_patch_alone() -> None:
    ada = member(pipelines=True)
    ada.reject_patch("a")
    assert ada.rejected_dependency("a") == "a"
    assert ada.rejected_dependency("other") is None


def test_only_the_newest_rejected_patches_are_remembered() -> None:
    ada = member(pipelines=True)
    for number in range(MOST_REJECTED + 1):
        ada.reject_patch(str(number))
    assert len(ada.rejected_patches) == MOST_REJECTED
    assert ada.rejected_dependency("0") is None
    assert ada.rejected_dependency("1") == "1"


def test_a_member_without_pipelining_has_no_barriers() -> None:
    ada = member()
    assert ada.reject_patch("a") == 0
    assert ada.rejected_dependency(None) is None


def test_the_state_before_a_batch_is_a_copy() -> None:
    ada = member(pipelines=True)
    ada.pipeline = Pipeline(3)
    ada.reject_patch("a")
    state = ada.pipeline_state()
    ada.pipeline.applied_as(4, [])
    ada.reject_patch("b")
    kept = ada.pipeline
    ada.reset_pipeline(state)
    assert ada.pipeline is not kept
    assert ada.rejected_patch == ("a", 1)
    assert member().pipeline_state() == (None, None)


def test_a_patch_joins_a_step_by_its_lane_its_client_and_its_name() -> None:
    ada = member()
    splice = {"op": "splice", "path": "/t", "offset": 0, "insert": "x"}
    named = put("/n", 1, step="typing")
    assert ada.made_by(named).name == "typing"
    assert not ada.made_by(named).splices
    named.ops[:] = [{"op": "test", "path": "/n", "value": 1}, splice]
    assert ada.made_by(named).splices
    named.ops[:] = [{"op": "test", "path": "/n", "value": 1}]
    assert not ada.made_by(named).splices
    assert member(lane="http").made_by(named).name == ""
    assert ada.made_by().client == "tab-ada"
