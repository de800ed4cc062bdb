"""Undo steps: what makes a step, and what does not."""

from __future__ import annotations

from collab.document.document import Document
from collab.document.stacks import shrink, size_of
from collab.document.steps import Part, Stacks, Step, UndoBounds
from collab.room.requests import Create, UndoRequest
from tests.collab.room.rooms import code, done, member, opened, put


def test_the_creation_of_a_document_cannot_be_undone() -> None:
    room = opened()
    done(room, Create({"n": 0}, "make"))
    assert code(room, UndoRequest("u")) == "nothing_to_undo"
    assert room.document.value == {"n": 0}


def test_each_user_undoes_the_own_steps_in_reverse_and_redoes_them_in_order() -> None:
    room, bo = opened({"a": 0, "b": 0}), member("bo")
    done(room, put("/a", 1), now=0)
    done(room, put("/b", 1), bo, now=0)
    done(room, put("/a", 2), now=60_000)
    values = []
    for redo in (False, False, True, True):
        done(room, UndoRequest("", redo=redo), now=120_000)
        values.append(room.document.value)
    assert values == [{"a": n, "b": 1} for n in (1, 0, 1, 2)]
    done(room, UndoRequest(""), bo, now=120_000)
    assert room.document.value == {"a": 2, "b": 0}
    assert code(room, UndoRequest(""), bo) == "nothing_to_undo"


def test_a_user_without_steps_has_nothing_to_undo() -> None:
    assert Document.open(None, (), 1).open_steps("bo") == {"can_undo": False, "can_redo": False}


def test_the_oldest_step_of_the_user_with_most_bytes_is_dropped_first() -> None:
    def step(version: int) -> Step:
        return Step([Part(version, 0, bytes(100), (), None, (), ())])

    ada, bo = Stacks([step(1)], [step(2)]), Stacks([step(3)])
    one = size_of(bo.undo)
    ada.size, bo.size = 2 * one, one
    stacks = {"ada": ada, "bo": bo}
    shrink(stacks, UndoBounds(bytes=2 * one), "bo")
    assert (stacks, ada.size) == ({"ada": Stacks([], [step(2)], one), "bo": bo}, one)
    shrink(stacks, UndoBounds(bytes=one), "bo")
    assert stacks == {"bo": bo}, "a user without steps is dropped"
    shrink(stacks, UndoBounds(bytes=1), "bo")
    assert stacks == {"bo": bo}, "the author's newest step stays"
