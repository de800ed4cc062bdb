"""The client without `await`: the same verbs from a thread without an event loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import weft
from tests.patience import PATIENCE
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


def test_a_callback_may_edit_but_not_wait(page: weft.sync.SyncPage) -> None:
    codes: list[str] = []

    def callback(value: Any, info: weft.Info) -> None:
        change = page.set("/title", "again")
        for wait in (change.wait, page.undo, page.close):
            try:
                wait()
            except weft.WeftError as error:
                codes.append(error.code)

    page.subscribe("/list", callback)
    page.set("/list", []).wait()
    assert codes == ["wrong_thread"] * 3
    assert page.set("/n", 1).wait().version == page.version
    assert page.value["title"] == "again"


def test_locks_presence_history_and_groups_work_without_await(
    server: RunningServer, doc: str, page: weft.sync.SyncPage
) -> None:
    with page.group():
        page.set("/title", "Hi")
        page.set("/list", [])
    assert page.can_undo
    page.undo()
    assert page.value == START
    events: list[str] = []
    with page.lock("/title", ttl=60) as lock:
        assert (lock.mine, lock.scope, len(page.locks)) == (True, "/title", 1)
        lock.on("asked", lambda lock: events.append(lock.scope))
    assert not lock.mine
    page.presence.set({"cursor": {"path": "/title", "offset": 0}})
    assert page.history.at(1) == START
    page.history.name(1, "first")
    assert (page.user, page.role, page.tenant) == ("ada", "editor", "demo")
    documents = weft.sync.documents(server.http, server.token("ada"))
    assert doc in [item["doc"] for item in documents.list(limit=1000)["items"]]


def test_a_thread_that_edits_while_another_closes_is_told(
    server: RunningServer, page: weft.sync.SyncPage
) -> None:
    ends: list[type[BaseException]] = []
    ready = threading.Barrier(4)

    def edit() -> None:
        ready.wait()
        try:
            while True:
                page.set("/title", "Hi").wait()
        except weft.WeftError as error:
            ends.append(type(error))

    threads = [threading.Thread(target=edit) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait()
    page.set("/title", "Hi").wait()
    page.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert ends == [weft.ClosedError] * 3
