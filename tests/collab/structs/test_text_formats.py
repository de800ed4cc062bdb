"""The bounds of format bytes: they hold, and honest edits keep them small."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pycrdt import Doc, Map, XmlElement, XmlFragment, XmlText

from collab.structs.guard import check, inspect
from collab.structs.struct_index import StructIndex
from collab.structs.text_formats import OBJECT, FormatTrial, TextBound, TextEdit
from collab.tree.format_count import FormatCount

LIMIT = 4 * 1024 * 1024
BOLD = len("<b></b>true")


class Server:
    """A document with its index of structs, and a client that edits it."""

    def __init__(self, *texts: str) -> None:
        self.doc: Doc[Any] = Doc(client_id=9)
        self.content = self.doc.get("content", type=Map)
        self.index = StructIndex()
        paragraphs = [XmlElement("p", {}, [XmlText(text)]) for text in texts]
        self.send(lambda: self.content.update({"x": XmlFragment(paragraphs)}))

    def text(self, number: int = 0) -> XmlText:
        text: XmlText = self.content["x"].children[number].children[0]
        return text

    def send(self, edit: Callable[[], object]) -> FormatTrial | None:
        """Edit in one transaction. Return the bounds that the server had before it."""
        before = self.doc.get_state()
        with self.doc.transaction():
            edit()
        update = self.doc.get_update(before)
        checked = check(
            inspect(update), self.index.clocks, leases={9: "ada"}, user="ada", index=self.index
        )
        changes = checked.fresh, checked.places, checked.deletes
        trial = self.index.formats.trial(*changes, self.index.has_deleted)
        self.index.add_checked(*changes)
        return trial

    @property
    def total(self) -> int:
        return self.index.formats.total

    def bold(self, pieces: int, number: int = 0) -> None:
        for at in range(0, 2 * pieces, 2):
            self.text(number).format(at, at + 1, {"b": True})


def test_g33_typing_changes_no_bound() -> None:
    server = Server("hello")
    server.send(lambda: server.text().format(1, 3, {"b": True}))
    total = server.total
    assert total == 3 * BOLD  # three gaps, and the order is not known
    trial = server.send(lambda: server.text().insert(4, "x"))
    assert trial == FormatTrial(total, total)
    assert server.total == total


def test_g33_an_update_without_xml_texts_has_no_trial() -> None:
    server = Server("hello")
    assert server.send(lambda: server.content.update({"n": 1.0})) is None


def test_g33_a_part_of_an_update_has_a_bound_too() -> None:
    """The end of a format may come in a later part."""
    server = Server("ab" * 50)
    server.send(lambda: server.bold(50))
    trial = server.send(lambda: server.text().format(0, 1, {"n" * 1000: True}))
    assert trial is not None
    assert trial.peak >= trial.total >= 2000


def test_g33_a_deleted_text_has_no_bound() -> None:
    server = Server("ab" * 50)
    server.send(lambda: server.bold(50))
    server.send(lambda: server.content.__delitem__("x"))
    assert (server.total, server.index.formats.bounds) == (0, {})


@pytest.mark.parametrize("paragraphs", [1, 100])
def test_g33_a_long_document_with_many_comments_needs_no_count(paragraphs: int) -> None:
    """5,000 bold pieces and 300 comments, of which each paragraph has three."""
    each = 5_000 // paragraphs
    server = Server(*["ab" * each] * paragraphs)
    trials = [server.send(partial(server.bold, each, at)) for at in range(paragraphs)]
    for number in range(3 * paragraphs):
        text = server.text(number % paragraphs)
        formats: dict[str, Any] = {f"comment--Ab3dE{number:03}": {}}
        trials.append(server.send(partial(text.format, 0, len(text), formats)))
    assert all(trial is not None and trial.peak < LIMIT for trial in trials)
    everything = [server.send(server.text(at).clear) for at in range(paragraphs)]
    assert all(trial is None or trial.total < LIMIT for trial in everything)


def test_g33_exact_figures_make_the_bounds_small_again() -> None:
    server = Server("ab" * 200)
    server.send(partial(server.bold, 200))
    for number in range(100):  # comments beside one another
        formats = {f"comment--{number:03}": True}
        server.send(partial(server.text().format, 4 * number, 4 * number + 4, formats))
    grown = server.total
    count = FormatCount(server.doc.get_update(), server.index)
    exact = count.tighten(server.index.formats)
    assert exact <= server.total < grown / 10


def test_g33_a_deleted_mark_lets_earlier_formats_reach_further() -> None:
    bound = TextBound(
        gaps=11, filled=11, names={"n": (2, 100), "b": (5, 10)}, every=110, most=110, total=200
    )
    edit = TextEdit()
    edit.deleted = [("n", 0)]
    after, _ = edit.after(bound)
    assert (after.gaps, after.total) == (10, 10 * 110)
    edit.deleted = [("b", 10)]
    after, _ = edit.after(bound)
    assert (after.names, after.total) == ({"b": (4, 10)}, 200 + 11 * 10)


def test_g33_a_new_name_reaches_into_every_gap_once() -> None:
    bound = TextBound(gaps=11, filled=11, names={"b": (5, 10)}, every=10, most=10, total=50)
    edit = TextEdit()
    edit.added = [("i", 7), ("i", 0)] * 20 + [OBJECT]
    after, peak = edit.after(bound)
    assert after.gaps == 11 + 40 + 2
    assert after.total == peak == 50 + 11 * 7 + 42 * (10 + 7)
