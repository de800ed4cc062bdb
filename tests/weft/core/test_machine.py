"""The state machine: when a change is sent, shown and ended."""

from __future__ import annotations

from typing import Any, Self

import pytest

from weft.core import patch
from weft.core.effects import Edited, Effect, Ended, Moved, Reason, Reload, Send, Show, Wait
from weft.core.machine import MOST_TRIES, Machine
from weft.errors import PatchError

BO = {"user": "bo", "name": "Bo"}


def put(path: str, value: Any, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}


def change(version: int, *ops: Any, **more: Any) -> dict[str, Any]:
    return {"version": version, "kind": "edit", "by": BO, "ops": list(ops), **more}


class It:
    """A machine, and the effects of the last event."""

    def __init__(self, value: Any) -> None:
        self.machine = Machine()
        self.effects: list[Effect] = []
        self.opened(epoch=1, version=1, value=value)
        self.now = 0.0

    def _took(self) -> Self:
        self.effects = self.machine.take_effects()
        return self

    def opened(self, **fields: Any) -> Self:
        self.machine.opened(fields)
        return self._took()

    def edit(self, id: str, *ops: Any, later: float = 10.0, **more: Any) -> Self:
        self.now += later
        self.machine.edit(id, list(ops), self.now, **more)
        return self._took()

    def change(self, version: int, *ops: Any, **more: Any) -> Self:
        self.machine.change(change(version, *ops, **more))
        return self._took()

    def ack(self, id: str, version: int, **more: Any) -> Self:
        self.machine.ack({"id": id, "version": version, **more})
        return self._took()

    def reject(self, id: str, code: str, *, retryable: bool = False, **more: Any) -> Self:
        fields = {"id": id, "code": code, "message": "no", "retryable": retryable, **more}
        self.machine.reject(fields)
        return self._took()

    def closed(self, code: int = 1006) -> Self:
        self.machine.closed(code)
        return self._took()

    @property
    def value(self) -> Any:
        return self.machine.value

    @property
    def sent(self) -> list[tuple[str, int, list[Any]]]:
        """The patches that the last event sends: id, base and ops."""
        sends = [effect.message for effect in self.effects if isinstance(effect, Send)]
        return [(one["id"], one["base"], one["ops"]) for one in sends]

    @property
    def ended(self) -> list[tuple[str, str]]:
        return [(one.id, one.state) for one in self.effects if isinstance(one, Ended)]

    def end(self) -> Ended:
        (one,) = [one for one in self.effects if isinstance(one, Ended)]
        return one

    def has(self, *kinds: type[Effect]) -> list[bool]:
        return [any(isinstance(one, kind) for one in self.effects) for kind in kinds]


@pytest.fixture
def it() -> It:
    return It({"t": "a", "n": 0, "l": [{"id": "x"}, {"id": "y"}]})


def test_an_edit_is_shown_and_sent_at_once(it: It) -> None:
    it.edit("1", put("/t", "b"))
    assert it.value["t"] == "b"
    assert it.sent == [("1", 1, [put("/t", "b")])]
    assert it.has(Edited, Show, Moved) == [True, True, True]
    assert it.ack("1", 2).ended == [("1", "durable")]
    assert it.machine.confirmed.value == it.value


def test_an_edit_that_does_not_fit_changes_nothing(it: It) -> None:
    with pytest.raises(PatchError):
        it.edit("1", put("/missing/x", 1))
    assert it.machine.queue == []


def test_one_patch_is_in_flight_and_the_rest_is_joined(it: It) -> None:
    it.edit("1", put("/t", "b"))
    assert it.edit("2", put("/n", 1)).sent == []
    assert it.edit("3", put("/n", 2), later=0.01).sent == []
    assert it.machine.pending == 2
    assert it.ack("1", 2).sent == [("2", 2, [put("/n", 2)])]
    assert it.ack("2", 3).ended == [("2", "durable")]


def test_a_pending_edit_is_shown_on_the_changes_of_others(it: It) -> None:
    it.edit("1", put("/t", "b"))
    it.edit("2", put("/l/1/k", 1, "add"))
    it.change(2, put("/l/0", {"id": "w"}, "add"))
    it.ack("1", 3)
    assert it.value["l"] == [{"id": "w"}, {"id": "x"}, {"id": "y", "k": 1}]
    assert it.sent == [("2", 3, [put("/l/2/k", 1, "add")])]


def test_an_edit_that_may_overwrite_is_left_to_the_server(it: It) -> None:
    it.edit("1", put("/n", 1))
    it.edit("2", put("/t", "mine"))
    it.change(2, put("/t", "theirs"))
    it.ack("1", 3)
    assert it.sent == [("2", 1, [put("/t", "mine")])], "the old base lets the server see it"
    assert it.value["t"] == "mine"
    conflict = {"path": "/t", "theirs": "theirs", "yours": "mine"}
    it.ack("2", 4, ops=[put("/t", "mine")], conflicts=[conflict])
    assert it.ended == [("2", "overwritten")]
    assert it.end().result is not None
    assert it.machine.frame is it.machine.confirmed


def test_the_author_of_an_overwritten_value_is_named(it: It) -> None:
    it.edit("1", put("/t", "mine"))
    it.change(2, put("/t", "theirs"))
    it.ack("1", 3, conflicts=[{"path": "/t"}])
    result = it.end().result
    assert result is not None
    assert result.conflicts == [{"path": "/t", "by": BO}]


def test_a_refused_edit_leaves_the_value_and_later_edits_stay(it: It) -> None:
    it.edit("1", put("/t", "b"))
    it.edit("2", put("/n", 5))
    it.reject("1", "invalid_document", path="/t", version=1)
    end = it.end()
    assert (end.id, end.state, end.path, end.yours, end.theirs) == ("1", "refused", "/t", "b", "a")
    assert it.value == {"t": "a", "n": 5, "l": [{"id": "x"}, {"id": "y"}]}
    assert it.sent == [("2", 1, [put("/n", 5)])]


def test_an_edit_that_builds_on_a_refused_one_is_refused_too(it: It) -> None:
    it.edit("1", put("/new", {}, "add"))
    it.edit("2", put("/new/x", 1, "add"))
    assert it.reject("1", "forbidden").ended == [("1", "refused"), ("2", "refused")]
    assert "new" not in it.value


def test_a_new_connection_sends_the_same_request_again(it: It) -> None:
    it.edit("1", put("/t", "b"))
    first = it.sent
    assert it.closed().has(Moved) == [True]
    assert it.opened(epoch=1, version=1, changes=[]).sent == first
    assert it.ack("1", 2, duplicate=True).ended == [("1", "durable")]


def test_a_change_found_after_a_lost_answer_is_sent_again_for_its_conflicts(it: It) -> None:
    it.edit("1", put("/t", "b"))
    first = it.sent
    it.closed()
    theirs, mine = change(2, put("/t", "x")), change(3, put("/t", "b"), id="1")
    it.opened(epoch=1, version=3, changes=[theirs, mine])
    assert (it.ended, it.sent, it.machine.pending) == ([], first, 1)
    it.ack("1", 3, duplicate=True, conflicts=[{"path": "/t", "theirs": "x", "yours": "b"}])
    assert (it.ended, it.machine.pending) == ([("1", "overwritten")], 0)


@pytest.mark.parametrize("code", ["read_only", "unknown_version"])
def test_an_accepted_change_is_not_refused_by_the_answer_to_its_retry(it: It, code: str) -> None:
    it.edit("1", put("/t", "b"))
    it.closed()
    it.opened(epoch=1, version=2, changes=[change(2, put("/t", "b"), id="1")])
    it.reject("1", code)
    assert it.ended == [("1", "durable")]


def test_an_accepted_change_has_not_failed_when_the_connection_ends_for_ever(it: It) -> None:
    it.edit("1", put("/t", "b"))
    it.closed()
    it.opened(epoch=1, version=2, changes=[change(2, put("/t", "b"), id="1")])
    it.machine.fail_all(Reason("token_expired", "the token has expired"))
    it.effects = it.machine.take_effects()
    assert it.ended == [("1", "durable")]


def test_answered_entries_are_sent_again_before_those_that_build_on_them(it: It) -> None:
    it.edit("1", put("/t", "mine"))
    it.edit("2", put("/n", 1))
    it.change(2, put("/n", 7))
    it.ack("1", 3)
    it.closed()
    it.opened(epoch=1, version=3, changes=[])
    assert [id for id, _, _ in it.sent] == ["1"]
    it.ack("1", 3, duplicate=True)
    assert it.ended == [], "an entry does not end twice"
    assert [id for id, _, _ in it.sent] == ["2"]


def test_a_retryable_refusal_waits_and_fails_in_the_end(it: It) -> None:
    it.edit("1", put("/t", "b"))
    for _ in range(MOST_TRIES - 1):
        it.reject("1", "rate_limited", retryable=True, retry_after_ms=5)
        assert (it.has(Wait), it.sent, it.ended) == ([True], [], [])
        it.machine.retry()
        assert it._took().sent[0][0] == "1"
    assert it.reject("1", "rate_limited", retryable=True).ended == [("1", "failed")]


def test_a_database_that_does_not_answer_is_waited_for(it: It) -> None:
    it.edit("1", put("/t", "b"))
    for _ in range(3 * MOST_TRIES):
        it.reject("1", "storage_unavailable", retryable=True)
        it.machine.retry()
        it._took()
    assert it.ended == []


def test_a_locked_edit_is_refused_at_once(it: It) -> None:
    it.edit("1", put("/t", "b"))
    lock = {"holder": BO, "scope": "/t"}
    it.reject("1", "locked", retryable=True, lock=lock)
    reason = it.end().reason
    assert reason is not None
    assert (reason.by, reason.lock) == (BO, lock)


def test_an_edit_on_a_forgotten_version_is_made_again(it: It) -> None:
    it.edit("1", put("/l/0/k", 1, "add"))
    it.change(2, put("/n", 9))
    it.reject("1", "unknown_version")
    assert it.sent == [("1", 2, [put("/l/0/k", 1, "add")])]
    it.change(3, put("/l/0", {"id": "other"}))
    assert it.reject("1", "unknown_version").ended == [("1", "refused")]


def test_a_new_epoch_refuses_what_is_pending(it: It) -> None:
    it.edit("1", put("/t", "b"))
    it.closed()
    it.opened(epoch=2, version=9, value={"t": "restored"})
    assert it.ended == [("1", "refused")]
    assert it.value == {"t": "restored"}


def test_a_gap_in_the_versions_loads_the_whole_value(it: It) -> None:
    assert it.change(3, put("/t", "b")).has(Reload) == [True]
    assert it.change(2, put("/missing/x", 1)).has(Reload) == [True]
    assert it.value["t"] == "a"


def test_no_patch_is_sent_while_the_server_holds(it: It) -> None:
    it.machine.hold(True)
    assert it.edit("1", put("/t", "b")).sent == []
    it.machine.hold(False)
    assert it._took().sent[0][0] == "1"


def test_a_change_that_is_too_large_for_a_frame_fails(it: It) -> None:
    it.edit("1", put("/t", "b"))
    assert it.closed(1009).ended == [("1", "failed")]
    assert it.value["t"] == "a"


def test_an_answer_that_shows_the_changes_of_others_names_them(it: It) -> None:
    it.edit("1", put("/n", 1))
    it.change(2, put("/t", "theirs"))
    it.ack("1", 3)
    shows = [one.info for one in it.effects if isinstance(one, Show)]
    assert [(info.mine, info.by) for info in shows] == [(False, BO)]


def test_merged_changes_answer_several_requests(it: It) -> None:
    it.edit("1", put("/t", "b"))
    acks = [{"id": "1", "version": 3, "merged": ["/t"]}]
    it.change(4, put("/t", "b!"), acks=acks, **{"from": 2})
    assert it.ended == [("1", "merged")]
    assert it.value["t"] == "b!"


def test_an_edit_without_effect_ends_too(it: It) -> None:
    it.edit("1", put("/x", 1, "add"), {"op": "remove", "path": "/x"})
    assert it.ack("1", 1).ended == [("1", "durable")]
    assert (it.machine.own, it.machine.queue) == ([], [])


def test_an_edit_applies_no_earlier_edit_again(it: It, monkeypatch: pytest.MonkeyPatch) -> None:
    applied: list[Any] = []
    original = patch._apply_one

    def counted(value: Any, op: Any, copies: Any) -> Any:
        applied.append(op)
        return original(value, op, copies)

    monkeypatch.setattr(patch, "_apply_one", counted)
    it.closed()
    for n in range(1200):
        it.edit(str(n), put(f"/k{n}", n, "add"), later=0.001)
    assert len(applied) == 1200
    assert it.machine.pending == 3, "an entry has at most 500 operations"
