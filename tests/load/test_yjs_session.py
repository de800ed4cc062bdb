"""What a client of the load test does on the Yjs lane."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Map, Text

from bench.load.figures import Figures
from bench.load.marks import mark
from bench.load.plan import Part, Plan, now_ms
from bench.load.session import Edit
from bench.load.settings import read
from bench.load.yjs_session import STEP_1, STEP_2, UPDATE, YjsSession, sync_messages, var_bytes

SETTINGS = read({"LOAD_TOKEN": "t"})


class Server:
    """The other side: a Yjs document, and the frames of the client."""

    def __init__(self) -> None:
        self.doc: Doc[Map[Text]] = Doc()
        self.content = self.doc.get("content", type=Map[Text])
        self.kinds = list[int]()

    def send(self, data: str | bytes) -> None:
        assert isinstance(data, bytes)
        for kind, body in sync_messages(data):
            self.kinds.append(kind)
            if kind in {STEP_2, UPDATE}:
                self.doc.apply_update(body)

    def receive(self) -> str | bytes:
        raise AssertionError("the test gives the frames")

    def close(self) -> None:
        pass

    def text(self, key: str) -> str:
        return str(self.content[key])


def frame(kind: int, body: bytes) -> bytes:
    return bytes((0, kind)) + var_bytes(body)


def client(server: Server, fired: list[tuple[str, float]]) -> YjsSession:
    part = Part(SETTINGS, Plan("r", ("page",), 0, 0, 1e15, 1e15), "c", 0, 1)
    figures = Figures(lambda name, value: fired.append((name, value)))
    return YjsSession(part, figures, lambda *_: server, edits=True)


def connect(session: YjsSession, server: Server) -> None:
    session._socket = server  # as the thread of the session does it
    session.greet()
    session.receive(frame(STEP_1, server.doc.get_state()))
    session.receive(frame(STEP_2, server.doc.get_update()))


def edit(session: YjsSession, number: int, text: str) -> None:
    session.make(Edit(number, text, now_ms()))


def test_edits_are_appended_to_one_text() -> None:
    server, fired = Server(), list[tuple[str, Any]]()
    session = client(server, fired)
    connect(session, server)
    edit(session, 0, "ab")
    edit(session, 1, "cd")
    assert server.text(session.part.key) == "abcd"
    assert server.kinds == [STEP_1, STEP_2, UPDATE, UPDATE]
    assert session.stored == [0, 1]


def test_edits_without_a_connection_are_in_the_next_step_2() -> None:
    server = Server()
    session = client(server, [])
    connect(session, server)
    edit(session, 0, "ab")
    session.is_open = False
    session.lose()
    session._socket = None
    edit(session, 1, "cd")
    assert server.text(session.part.key) == "ab"
    connect(session, server)
    assert server.text(session.part.key) == "abcd"


def test_marks_of_others_are_measured_once_and_not_those_of_before() -> None:
    server, fired = Server(), list[tuple[str, float]]()
    server.content["other"] = Text(mark("bo", 0, now_ms()))
    session = client(server, fired)
    connect(session, server)
    before = server.doc.get_state()
    other = server.content["other"]
    other += mark("bo", 1, now_ms())
    update = frame(UPDATE, server.doc.get_update(before))
    session.receive(update)
    session.receive(update)
    assert [name for name, _ in fired].count("weft_peer_ms") == 1
    assert [name for name, _ in fired].count("weft_gaps") == 0


def test_an_update_that_overtakes_the_answer_to_step_1_is_no_gap() -> None:
    server, fired = Server(), list[tuple[str, float]]()
    server.content["other"] = Text(mark("bo", 0, now_ms()))
    session = client(server, fired)
    connect(session, server)
    session.is_open = False
    session.lose()
    known, other = server.doc.get_state(), server.content["other"]
    other += mark("bo", 1, now_ms())
    before = server.doc.get_state()
    other += mark("bo", 2, now_ms())
    session.receive(frame(UPDATE, server.doc.get_update(before)))
    session.receive(frame(STEP_2, server.doc.get_update(known)))
    assert [name for name, _ in fired].count("weft_peer_ms") == 2
    assert session.sight.missed == 0
