"""What a client of the load test does on the patch lane: pauses, retries, and comes back."""

from __future__ import annotations

import json
from typing import Any

from bench.load.figures import Figures
from bench.load.patch_session import PatchSession
from bench.load.plan import Part, Plan, now_ms
from bench.load.session import Edit
from bench.load.settings import read

SETTINGS = read({"LOAD_TOKEN": "t", "LOAD_WINDOW": "3"})
DOC = "page"


class Wire:
    """A connection that keeps what the client sends."""

    def __init__(self) -> None:
        self.sent = list[dict[str, Any]]()

    def send(self, data: str | bytes) -> None:
        self.sent.append(json.loads(data))

    def receive(self) -> str | bytes:
        raise AssertionError("the test gives the frames")

    def close(self) -> None:
        pass

    def take(self) -> list[dict[str, Any]]:
        taken, self.sent = self.sent, []
        return taken


class Client:
    """A session whose clock the test sets, and what it reports."""

    def __init__(self, *, edits: bool = True) -> None:
        plan = Plan("r", (DOC,), 0, 0, 1e15, 1e15)
        part = Part(SETTINGS, plan, "c", 0, 1)
        self.fired = list[tuple[str, float]]()
        figures = Figures(lambda name, value: self.fired.append((name, value)))
        self.wire = Wire()
        self.session = PatchSession(part, figures, lambda *_: self.wire, edits=edits)
        self.key = part.key
        self._count = 0
        self.connect()

    def connect(self) -> None:
        self.session._socket = self.wire  # as the thread of the session does it
        self.session.greet()

    def receive(self, *messages: dict[str, Any]) -> None:
        self.session.receive(json.dumps(list(messages)))

    def open(self, version: int = 1, **fields: Any) -> None:
        opened = {"type": "opened", "epoch": 1, "version": version}
        self.receive(
            {"value": {}, **opened, **fields} if "changes" not in fields else opened | fields
        )
        self.wire.take()

    def edit(self, text: str = "ab") -> str:
        number, self._count = self._count, self._count + 1
        self.session.make(Edit(number, text, now_ms()))
        return f"r-c0.{number}"

    def count(self, name: str) -> int:
        return sum(fired == f"weft_{name}" for fired, _ in self.fired)


def ack(request: str, version: int, **fields: Any) -> dict[str, Any]:
    return {"type": "ack", "id": request, "version": version, **fields}


def reject(request: str, code: str, **fields: Any) -> dict[str, Any]:
    return {"type": "reject", "id": request, "code": code, "message": code, **fields}


def test_it_opens_with_its_token_and_asks_for_splices() -> None:
    client = Client()
    (opening,) = client.wire.take()
    assert opening == {"type": "open", "token": "t", "client": "r-c0", "accept": ["splice"]}


def test_edits_before_the_opening_are_sent_after_it() -> None:
    client = Client()
    client.wire.take()
    client.edit("ab")
    assert client.wire.take() == []
    client.receive({"type": "opened", "epoch": 1, "version": 4, "value": {}})
    (patch,) = client.wire.take()
    assert (patch["base"], patch["after"]) == (4, "")
    assert patch["ops"] == [{"op": "add", "path": f"/{client.key}", "value": "ab"}]


def test_an_edit_names_the_one_before_it_while_that_is_pending() -> None:
    client = Client()
    client.open()
    first, second = client.edit("ab"), client.edit("cde")
    _, patch = client.wire.take()
    assert patch["after"] == first
    splice = {"op": "splice", "path": f"/{client.key}", "offset": 2, "delete": 0, "insert": "cde"}
    assert patch["ops"] == [splice]
    client.receive(ack(first, 2), ack(second, 3))
    client.edit("f")
    (patch,) = client.wire.take()
    assert (patch["base"], patch["after"], patch["ops"][0]["offset"]) == (3, "", 5)


def test_no_more_edits_wait_for_an_answer_than_the_window_allows() -> None:
    client = Client()
    client.open()
    requests = [client.edit() for _ in range(5)]
    assert [patch["id"] for patch in client.wire.take()] == requests[:3]
    client.receive(ack(requests[0], 2))
    assert [patch["id"] for patch in client.wire.take()] == requests[3:4]


def test_a_pause_holds_the_edits_until_it_is_clear() -> None:
    client = Client()
    client.open()
    client.receive({"type": "backpressure", "direction": "in", "state": "on"})
    request = client.edit()
    assert client.wire.take() == []
    client.receive({"type": "backpressure", "direction": "in", "state": "clear"})
    assert [patch["id"] for patch in client.wire.take()] == [request]
    assert client.count("pauses") == 1


def test_a_rate_limited_edit_is_sent_again_in_order_under_its_id() -> None:
    client = Client()
    client.open()
    first, second = client.edit("ab"), client.edit("cd")
    client.wire.take()
    client.receive(reject(first, "rate_limited", retry_after_ms=0))
    assert client.wire.take() == []  # the second has no answer yet
    client.receive(reject(second, "conflict", after=first))
    again = client.wire.take()
    assert [patch["id"] for patch in again] == [first, second]
    assert [patch["after"] for patch in again] == ["", first]
    assert (client.count("rate_limited"), client.count("conflict")) == (1, 0)


def test_a_refused_edit_is_dropped_and_the_next_one_takes_its_place() -> None:
    client = Client()
    client.open()
    first, second = client.edit("ab"), client.edit("cd")
    client.receive(reject(first, "conflict"), reject(second, "conflict", after=first))
    last = client.wire.take()[-1]
    assert last["id"] == second
    assert last["ops"] == [{"op": "add", "path": f"/{client.key}", "value": "cd"}]
    client.receive(ack(second, 2))
    assert client.session.stored == [1]
    assert client.count("conflict") == 1


def test_a_client_that_comes_back_sends_what_has_no_answer() -> None:
    client = Client()
    client.open()
    first, second = client.edit("ab"), client.edit("cd")
    client.session.is_open = False
    client.session.lose()
    client.wire.take()
    client.connect()
    (opening,) = client.wire.take()
    assert opening["since"] == {"epoch": 1, "version": 1}
    own = {"type": "change", "version": 2, "id": first, "ops": []}
    client.receive({"type": "opened", "epoch": 1, "version": 2, "changes": [own]})
    (patch,) = client.wire.take()
    assert (patch["id"], patch["base"], patch["ops"][0]["offset"]) == (second, 2, 2)
    assert client.session.stored == [0]


def test_a_resync_shows_which_edits_are_stored() -> None:
    client = Client()
    client.open()
    text = "~r-c0.0:1;"
    client.edit(text)
    second = client.edit("~r-c0.1:1;")
    client.session.lose()
    client.wire.take()
    value = {client.key: text}
    client.receive({"type": "opened", "epoch": 1, "version": 9, "value": value, "resync": True})
    (patch,) = client.wire.take()
    assert (patch["id"], patch["ops"][0]["offset"]) == (second, len(text))
    assert (client.session.stored, client.count("resyncs")) == ([0], 1)


def test_every_version_comes_once() -> None:
    client = Client(edits=False)
    client.open()
    client.receive({"type": "change", "version": 2, "ops": []})
    client.receive({"type": "change", "from": 3, "version": 7, "ops": [], "acks": []})
    assert (client.count("gaps"), client.count("merged")) == (0, 1)
    client.receive({"type": "change", "version": 9, "ops": []})
    assert client.count("gaps") == 1


def test_an_ack_in_a_merged_change_is_an_answer() -> None:
    client = Client()
    client.open()
    request = client.edit()
    merged = {"type": "change", "from": 2, "version": 5, "ops": [], "acks": [ack(request, 3)]}
    client.receive(merged)
    assert client.session.stored == [0]
    assert client.session.waiting == 0


def test_a_notice_says_when_to_come_back() -> None:
    client = Client()
    client.open()
    client.receive({"type": "disconnect_notice", "code": 4508, "retry_after_ms": 2500})
    assert client.session.wait == 2.5
