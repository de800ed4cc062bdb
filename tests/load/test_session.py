"""How a client of the load test ends: with a comparison of the stored document."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from bench.load import session as module
from bench.load.figures import Figures
from bench.load.http_calls import Answer
from bench.load.marks import mark
from bench.load.patch_session import PatchSession
from bench.load.plan import Part, Plan, now_ms
from bench.load.session import LostError, Session
from bench.load.settings import read
from bench.load.yjs_session import YjsSession

SETTINGS = read({"LOAD_TOKEN": "t"})


class Document:
    """The stored document, in place of the HTTP calls of a session."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)

    def __call__(self, url: str, token: str) -> Document:
        return self

    def send(self, method: str, path: str) -> Answer:
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        return Answer(200 if text else 503, text.encode())

    def close(self) -> None:
        pass


def refuse(*_: Any) -> Any:
    raise LostError


def ended(monkeypatch: pytest.MonkeyPatch, kind: type[Session], document: Document) -> Counter[str]:
    """Run a client with two edits of which the document may have some. Return what it reports."""
    monkeypatch.setattr(module, "Calls", document)
    monkeypatch.setattr(module, "STEP", 0.001)
    now = now_ms()
    part = Part(
        SETTINGS, Plan("r", ("page",), now - 1000, now - 1000, now - 1000, now + 200), "c", 0, 1
    )
    counted = Counter[str]()
    figures = Figures(lambda name, _: counted.update([name.removeprefix("weft_")]))
    session = kind(part, figures, refuse, edits=True)
    session.stored = [0, 1]
    session.sight.look(mark("r-d0", 0, now), now)
    session.run()
    counted.pop("closed")
    return counted


FIRST, SECOND, OTHER = mark("r-c0", 0, 1), mark("r-c0", 1, 1), mark("r-d0", 0, 1)


def test_a_document_with_everything_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(monkeypatch, PatchSession, Document(FIRST + SECOND + OTHER)) == {}


def test_an_accepted_edit_that_is_not_there_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(monkeypatch, PatchSession, Document(FIRST + OTHER)) == {"lost": 1}


def test_an_edit_that_reached_a_peer_and_is_not_there_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ended(monkeypatch, PatchSession, Document(FIRST + SECOND)) == {"lost": 1}


def test_an_edit_that_is_there_twice_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = Document(FIRST + SECOND + SECOND + OTHER)
    assert ended(monkeypatch, PatchSession, twice) == {"twice": 1}


def test_edits_of_others_that_did_not_arrive_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    more = Document(FIRST + SECOND + OTHER + mark("r-d0", 2, 1))
    assert ended(monkeypatch, PatchSession, more) == {"unseen": 2}


def test_a_document_that_cannot_be_read_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(monkeypatch, PatchSession, Document("")) == {"unseen": 1}


def test_without_acks_an_edit_may_arrive_late(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Document(FIRST + OTHER, FIRST + SECOND + OTHER)
    assert ended(monkeypatch, YjsSession, late) == {}


def test_without_acks_an_edit_that_is_not_there_has_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ended(monkeypatch, YjsSession, Document(FIRST + OTHER)) == {"unanswered": 1}


def test_the_threads_of_a_client_end_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    ended(monkeypatch, PatchSession, Document(FIRST + SECOND + OTHER))
    assert threading.active_count() <= before + 1
