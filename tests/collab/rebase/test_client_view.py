"""Where a location that a client sees is at the head."""

from __future__ import annotations

from collab.entry import Author
from collab.patch.relocate import AppliedChange
from collab.patch.steps import Step
from collab.rebase.client_view import ClientView
from collab.rebase.edits import Edit
from collab.rebase.found import Found, Origin, Removed

BO = Origin(7, Author("bo"))
VALUE = {"x": 1}


def test_r1_an_element_that_others_removed_has_no_path_at_the_head() -> None:
    view = ClientView()
    view.add_head_steps([Step("remove", ("a",), old=VALUE)], BO)
    assert view.element(("a", "x")) == Removed(BO)
    assert view.element_at(("a", "x")) is None
    assert view.element_at(("b",)) == ("b",)


def test_r1_an_element_follows_its_own_move_that_the_head_has_as_two_steps() -> None:
    move, view = Step("move", ("k",), ("l", 0), VALUE), ClientView()
    applied = [Step("remove", ("l", 0), old=VALUE), Step("add", ("k",), value=VALUE)]
    view.applied_as(Edit(move), applied, ("k",))
    assert view.element(("k", "x")) == Found(("k", "x"))
    assert view.element(("l", 0)) == Found(("l", 0)), "the next element of the list"


def test_r1_an_element_follows_its_own_move_over_its_holder() -> None:
    held = {"b": VALUE}
    move, view = Step("move", ("a",), ("a", "b"), VALUE), ClientView()
    view.applied_as(Edit(move), [Step("replace", ("a",), value=VALUE, old=held)], ("a",))
    assert view.element(("a", "x")) == Found(("a", "x"))


def test_r1_an_own_move_of_an_element_that_others_moved_starts_where_it_is_now() -> None:
    move, view = Step("move", ("k",), ("l", 0), VALUE), ClientView()
    view.add_head_steps([Step("move", ("m",), ("l", 0), VALUE)], BO)
    applied = [Step("remove", ("m",), old=VALUE), Step("add", ("k",), value=VALUE)]
    view.applied_as(Edit(move), applied, ("k",))
    assert view.element(("k", "x")) == Found(("k", "x"))


def test_r7_an_edit_of_another_value_is_no_edit_of_a_text() -> None:
    view = ClientView()
    ops = [{"op": "replace", "path": "/t", "value": "one two"}]
    view.add_changes([AppliedChange(1, BO.author, ops, {"t": "one", "n": 0})])
    step = Step("replace", ("n",), value=1, old=0)
    view.applied_as(Edit(step), [step], ("n",))
    assert view.texts.stated(("n",)) == ()
    assert view.texts.stated(("t",)) == ((3, 3, " two"),)
