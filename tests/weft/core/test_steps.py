"""Undo and redo: of unsent edits without the server, of all others by the server."""

from __future__ import annotations

from typing import Any, Self

import pytest

from tests.weft.core.test_machine import It, put
from weft.core.effects import Asked, Effect, Reason, Send, Undone
from weft.core.steps import Ask


class Undoing(It):
    def undo(self, id: str, *, redo: bool = False, **more: Any) -> Self:
        self.machine.undo(Ask(id, redo, **more), self.now)
        return self._took()

    @property
    def asks(self) -> list[str]:
        """The undo requests that the last event sends."""
        sends = [effect.message for effect in self.effects if isinstance(effect, Send)]
        return [one["id"] for one in sends if one["type"] in ("undo", "redo")]

    def result(self) -> Undone:
        (one,) = [one for one in self.effects if isinstance(one, Asked)]
        assert one.result is not None
        return one.result

    def ends(self, kind: type[Effect]) -> int:
        return sum(isinstance(one, kind) for one in self.effects)


@pytest.fixture
def it() -> Undoing:
    return Undoing({"t": "a", "n": 0})


def test_an_unsent_edit_is_taken_back_without_the_server(it: Undoing) -> None:
    it.closed()
    it.edit("1", put("/t", "b"))
    it.undo("u")
    assert (it.value["t"], it.machine.queue, it.ended) == ("a", [], [("1", "undone")])
    assert it.result().undone == [{"pointers": ["/t"]}]
    it.undo("r", redo=True)
    assert it.value["t"] == "b"
    assert it.opened(epoch=1, version=1, changes=[]).sent[0][2] == [put("/t", "b")]


def test_the_server_undoes_a_sent_edit_after_its_answer(it: Undoing) -> None:
    it.edit("1", put("/t", "b"))
    assert it.undo("u").asks == []
    it.ack("1", 2)
    assert it.asks == ["u"]
    undone = [{"version": 2, "pointers": ["/t"]}]
    it.ack("u", 3, ops=[put("/t", "a")], undone=undone, skipped=["/n"])
    assert it.value["t"] == "a"
    assert it.result() == Undone(undone, ["/n"], 3)
    assert it.machine.steps.has("redo", is_online=it.machine.is_online)


def test_an_undo_whose_answer_was_lost_is_sent_again(it: Undoing) -> None:
    it.undo("u")
    it.closed()
    assert it.opened(epoch=1, version=1, changes=[]).asks == ["u"]
    it.closed()
    change = {"version": 2, "ops": [put("/t", "z")], "id": "u", "kind": "undo"}
    it.opened(epoch=1, version=2, changes=[change])
    assert (it.asks, it.ends(Asked), it.value["t"]) == (["u"], 0, "z")
    undone = [{"version": 1, "pointers": ["/t"]}]
    it.ack("u", 2, undone=undone, skipped=["/n"], duplicate=True)
    assert it.result() == Undone(undone, ["/n"], 2)


def test_an_undo_that_the_server_has_made_does_not_fail_with_the_connection(it: Undoing) -> None:
    it.undo("u")
    it.closed()
    change = {"version": 2, "ops": [put("/t", "z")], "id": "u", "kind": "undo"}
    it.opened(epoch=1, version=2, changes=[change])
    it.machine.fail_all(Reason("closed", "closed"))
    it._took()
    assert it.result() == Undone([{"version": 2, "pointers": ["/t"]}], [], 2)


def test_nothing_to_undo_is_no_error(it: Undoing) -> None:
    it.undo("u")
    it.reject("u", "nothing_to_undo")
    assert it.result() == Undone()
    assert not it.machine.steps.has("undo", is_online=it.machine.is_online)
    it.edit("1", put("/t", "b"))
    assert it.machine.steps.has("undo", is_online=it.machine.is_online)


def test_a_refused_undo_has_a_reason(it: Undoing) -> None:
    it.undo("u").reject("u", "locked", retryable=True)
    (one,) = [one for one in it.effects if isinstance(one, Asked)]
    assert one.reason is not None
    assert one.reason.code == "locked"


def test_an_undo_without_a_connection_and_without_edits_does_nothing(it: Undoing) -> None:
    it.closed()
    assert it.undo("u").result() == Undone()


def test_a_scope_is_always_asked_of_the_server(it: Undoing) -> None:
    it.edit("1", put("/t", "b"))
    it.edit("2", put("/n", 1))
    it.undo("u", scope="/n")
    it.ack("1", 2)
    it.ack("2", 3)
    assert it.asks == ["u"]


def test_a_step_that_is_partly_sent_is_undone_by_both(it: Undoing) -> None:
    it.edit("1", put("/t", "b"), step="drag")
    it.edit("2", put("/t", "c"), step="drag")
    it.undo("u")
    assert it.value["t"] == "b"
    assert it.ack("1", 2).asks == ["u"]


def test_a_new_edit_forgets_what_could_be_redone(it: Undoing) -> None:
    it.closed()
    it.edit("1", put("/t", "b"))
    it.undo("u")
    it.edit("2", put("/n", 1))
    assert not it.machine.steps.has("redo", is_online=it.machine.is_online)
    assert it.undo("r", redo=True).result() == Undone()


def test_a_step_that_no_longer_fits_is_skipped(it: Undoing) -> None:
    it.edit("0", put("/n", 1))
    it.edit("1", put("/t", "b"))
    it.undo("u")
    it.change(2, put("/t", "theirs"))
    it.ack("0", 3)
    assert it.undo("r", redo=True).result() == Undone(skipped=["/t"])
    assert it.value["t"] == "theirs"
