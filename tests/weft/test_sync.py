"""The client without `await`: the same verbs from a thread without an event loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import weft
from tests.running import RunningServer

pytestmark = pytest.mark.real
START = {"title": "Hello", "list": [1, 2]}


@pytest.fixture
def page(server: RunningServer, doc: str) -> Iterator[weft.sync.SyncPage]:
    token = server.token("ada")
    with weft.sync.connect(server.http, doc, token=token, create=START) as page:
        yield page


def test_every_verb_works_without_await(page: weft.sync.SyncPage) -> None:
    assert page.set("/title", "Hi").wait().version == 2
    page.move("/list/1", "/list/0")
    page.patch([{"op": "add", "path": "/n", "value": 1}])
    page.remove("/n")
    change = page.change(lambda draft: draft["list"].append(3))
    assert change.wait(30).version == page.version
    assert change.state == "durable"
    assert page.value == {"title": "Hi", "list": [2, 1, 3]}
    assert (page.get("/list/0"), page.saved, page.link, page.mode) == (2, "saved", "online", "edit")
    page.undo()
    page.redo()
    assert page.value == {"title": "Hi", "list": [2, 1, 3]}
    assert page.versions(limit=1)[0]["version"] == page.version
    assert (page.pending, page.others) == (0, [])


def test_callbacks_run_in_the_thread_of_the_connection(page: weft.sync.SyncPage) -> None:
    called: list[tuple[Any, str]] = []
    end = page.subscribe(
        "/title", lambda value, info: called.append((value, threading.current_thread().name))
    )
    page.set("/title", "Hi").wait()
    end()
    page.set("/title", "Bye").wait()
    assert called == [("Hi", "weft")]


def test_errors_reach_the_caller_and_the_thread_ends(
    server: RunningServer, page: weft.sync.SyncPage
) -> None:
    with pytest.raises(weft.PatchError):
        page.set("/missing/x", 1)
    before = threading.active_count()
    with pytest.raises(weft.NoSuchDocumentError):
        weft.sync.connect(server.http, "missing", token=server.token("ada"))
    assert threading.active_count() == before
    page.close()
    page.close()
    for verb in (page.undo, lambda: page.set("/title", "late")):
        with pytest.raises(weft.ClosedError):
            verb()


def test_a_callback_that_waits_is_an_error_and_no_deadlock(page: weft.sync.SyncPage) -> None:
    codes: list[str] = []

    def callback(value: Any, info: weft.Info) -> None:
        try:
            page.set("/title", "again")
        except weft.WeftError as error:
            codes.append(error.code)

    page.subscribe("/title", callback)
    page.set("/title", "Hi").wait()
    assert codes == ["wrong_thread"]
