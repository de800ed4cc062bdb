"""Undo steps: what makes a step, and what does not."""

from __future__ import annotations

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
