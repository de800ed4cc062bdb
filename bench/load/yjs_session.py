"""A client of the Yjs lane, with a real Yjs document of pycrdt.

The lane has no acks: peers measure its edits, and the check at the end finds each edit that was
sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from pycrdt import Doc, Map, Text

from bench.load.figures import Figures
from bench.load.plan import Part
from bench.load.session import Connect, Edit, Session

SYNC, AWARENESS = 0, 1
STEP_1, STEP_2, UPDATE = 0, 1, 2


class YjsSession(Session):
    has_acks = False

    def __init__(self, part: Part, figures: Figures, connect: Connect, *, edits: bool) -> None:
        super().__init__(part, figures, connect, edits=edits)
        self._doc: Doc[Map[Text]] = Doc()
        self._content = self._doc.get("content", type=Map[Text])
        self._is_synced = False  # the server has the answer to its step 1
        self._has_begun = False  # the client has what was in the document before
        self._shown = 0

    @property
    def path(self) -> str:
        return f"/v1/yjs/{quote(self.part.doc)}?client={self.part.name}"

    def greet(self) -> None:
        self._sync(STEP_1, self._doc.get_state())

    def lose(self) -> None:
        self._is_synced = False

    def receive(self, frame: str | bytes) -> None:
        assert isinstance(frame, bytes)
        for kind, body in sync_messages(frame):
            if kind == STEP_1:
                self._sync(STEP_2, self._doc.get_update(body))
                self._is_synced = True
            else:
                self._read(kind, body)

    def _read(self, kind: int, update: bytes) -> None:
        self._doc.apply_update(update)
        if kind == STEP_2 and not self.is_open:
            self.opened()
        # An update may overtake the answer to step 1. The answer contains it, and all before it.
        if not self.is_open:
            return
        # Marks are ASCII, so they are the same in the bytes of an update.
        text = update.decode("latin-1")
        if not self._has_begun:
            self._has_begun = True
            self.sight.begin(text)
        self.look(text)

    def make(self, edit: Edit) -> None:
        before = self._doc.get_state()
        if self.part.key in self._content:
            text = self._content[self.part.key]
            text += edit.text
        else:
            self._content[self.part.key] = Text(edit.text)
        self.stored.append(edit.number)
        self.figures.answered("edits")
        # Without a connection, the edit is in the next step 2.
        if self._is_synced:
            self._sync(UPDATE, self._doc.get_update(before))

    def show(self) -> None:
        self._shown += 1
        state = json.dumps({"user": {"name": self.part.user}, "shown": self._shown}).encode()
        body = b"\x01" + var_uint(self._doc.client_id) + var_uint(self._shown) + var_bytes(state)
        self.send(var_uint(AWARENESS) + var_bytes(body))

    def _sync(self, kind: int, body: bytes) -> None:
        self.send(bytes((SYNC, kind)) + var_bytes(body))


def sync_messages(frame: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the sync messages of a frame: their kind and their body."""
    at = 0
    while at < len(frame):
        kind, at = read_var_uint(frame, at)
        if kind == SYNC:
            step, at = read_var_uint(frame, at)
        elif kind != AWARENESS:
            return  # permission denied, or a question: the rest of the frame
        length, at = read_var_uint(frame, at)
        if kind == SYNC:
            yield step, frame[at : at + length]
        at += length


def var_uint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(128 + number % 128)
        number //= 128
    found.append(number)
    return bytes(found)


def var_bytes(data: bytes) -> bytes:
    return var_uint(len(data)) + data


def read_var_uint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number, and the place after it."""
    number, factor = 0, 1
    while True:
        byte = data[at]
        number, at = number + byte % 128 * factor, at + 1
        if byte < 128:
            return number, at
        factor *= 128
