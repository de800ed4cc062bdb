"""A client of the patch lane: docs/wire.md says what it must do."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import quote

from bench.load.figures import Figures, share_of
from bench.load.marks import numbers_in
from bench.load.plan import Part, now_ms
from bench.load.session import Connect, Edit, Session

MOST_TRIES = 8
AGAIN = frozenset({"rate_limited", "storage_unavailable", "unknown_version"})


class PatchSession(Session):
    protocols = ("weft.v1",)

    def __init__(
        self,
        part: Part,
        figures: Figures,
        connect: Connect,
        *,
        edits: bool,
        max_fps: float = 0,
    ) -> None:
        super().__init__(part, figures, connect, edits=edits)
        self._max_fps = max_fps
        self._epoch = 0
        self._version = -1
        self._queue = list[Edit]()  # in the order of the user; the sent ones come first
        self._in_flight = 0
        self._length = 0  # of the stored text
        self._exists = False  # whether the document has this client's text
        self._is_held = False  # the server asked to send nothing
        self._is_waiting = False  # for answers, and for the time of a retry
        self._retry_at = 0.0
        self._sent_last = ""
        self._is_pumping = False

    @property
    def path(self) -> str:
        return f"/v1/docs/{quote(self.part.doc)}/live"

    @property
    def waiting(self) -> int:
        self._pump()  # the time of a retry may have come
        return len(self._queue)

    def greet(self) -> None:
        message: dict[str, Any] = {
            "type": "open",
            "token": self.token,
            "client": self.part.name,
            "accept": ["splice"],
        }
        if self._version >= 0:
            message["since"] = {"epoch": self._epoch, "version": self._version}
        if self._max_fps:
            message["max_fps"] = self._max_fps
        self.send(json.dumps(message))

    def lose(self) -> None:
        self._forget_sent()

    def receive(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        for each in message if isinstance(message, list) else [message]:
            self._handle(each, str(frame))
        if self.is_open:
            self.look(str(frame))
        self._pump()

    def _handle(self, message: dict[str, Any], frame: str) -> None:
        match message:
            case {"type": "change"}:
                self._on_change(message)
            case {"type": "ack"}:
                self._on_ack(message)
            case {"type": "reject"}:
                self._on_reject(message)
            case {"type": "opened"}:
                self._on_opened(message, frame)
            case {"type": "backpressure", "direction": "in", "state": state}:
                self._is_held = state == "on"
                self.figures.count("pauses", int(self._is_held))
            case {"type": "backpressure", "state": "on"}:
                self.figures.count("behind")
            case {"type": "disconnect_notice"}:
                self.wait = message.get("retry_after_ms", 0) / 1000

    # --- what the server says ------------------------------------------------------------------

    def _on_opened(self, message: dict[str, Any], frame: str) -> None:
        self.opened()
        self._forget_sent()
        self.figures.count("resyncs", int(message.get("resync", False)))
        if "changes" in message:
            for change in message["changes"]:
                self._on_change(change)
        else:
            self.sight.begin(frame)
            text = message["value"].get(self.part.key)
            there = set(numbers_in(text or "", self.part.name))
            for edit in [each for each in self._queue if each.number in there]:
                self._accept(edit)
            self._exists, self._length = text is not None, len(text or "")
        self._epoch, self._version = message["epoch"], message["version"]

    def _on_change(self, change: dict[str, Any]) -> None:
        version = change["version"]
        first = change.get("from", version)
        self.figures.count("gaps", int(first != self._version + 1))
        self.figures.count("merged", int(first != version))
        self._version = version
        answered = [ack["id"] for ack in change.get("acks", ())]
        for request in (*answered, change.get("id")):
            if edit := self._find(request):
                self._accept(edit)

    def _on_ack(self, ack: dict[str, Any]) -> None:
        version = ack["version"]
        if not ack.get("duplicate") and version > self._version:
            self.figures.count("gaps", int(version != self._version + 1))
            self._version = version
        if edit := self._find(ack["id"]):
            self._accept(edit)

    def _accept(self, edit: Edit) -> None:
        self._queue.remove(edit)
        self._in_flight -= int(edit.sent)
        self._length += len(edit.text)
        self._exists = True
        self.stored.append(edit.number)
        self.figures.time("ack", now_ms() - edit.made_ms)
        self.figures.answered("edits")

    def _on_reject(self, reject: dict[str, Any]) -> None:
        edit = self._find(reject["id"])
        if edit is None:
            return
        self._in_flight -= int(edit.sent)
        edit.sent, edit.tries = False, edit.tries + 1
        self._is_waiting = True  # until every sent edit has its answer: later ones depend on it
        if reject.get("after"):
            return  # refused only because an earlier edit was
        code = reject["code"]
        self.figures.answered(share_of(code))
        if code in AGAIN and edit.tries < MOST_TRIES:
            if code != "unknown_version":
                self._retry_after(reject.get("retry_after_ms", 1000))
            return
        self._queue.remove(edit)
        print(f"{self.part.name}: {code}: {reject['message']}", flush=True)

    def _retry_after(self, wait_ms: float) -> None:
        self._retry_at = max(self._retry_at, now_ms() + wait_ms)
        timer = threading.Timer(wait_ms / 1000 + 0.001, self._pump)
        timer.daemon = True
        timer.start()

    # --- what the client says ------------------------------------------------------------------

    def make(self, edit: Edit) -> None:
        self._queue.append(edit)
        self._pump()

    def _pump(self) -> None:
        """Send what may be sent. A send may let another greenlet run, which finds it pumping."""
        if self._is_pumping:
            return
        self._is_pumping = True
        try:
            while (edit := self._next()) and self._send(edit):
                pass
        finally:
            self._is_pumping = False

    def _next(self) -> Edit | None:
        """Return the first edit that may be sent now."""
        if not self.is_open or self.ending.is_set() or self._is_held or not self._may_go_on():
            return None
        if self._in_flight >= self.settings.window:
            return None
        return next((edit for edit in self._queue if not edit.sent), None)

    def _may_go_on(self) -> bool:
        """Whether a refusal leaves the client free to send: it has every answer, and has waited."""
        if self._is_waiting and (self._in_flight or now_ms() < self._retry_at):
            return False
        if self._is_waiting:
            self._is_waiting, self._sent_last = False, ""
        return True

    def _send(self, edit: Edit) -> bool:
        before = self._queue[: self._queue.index(edit)]
        path = f"/{self.part.key}"
        op: dict[str, Any] = {"op": "add", "path": path, "value": edit.text}
        if self._exists or before:
            offset = self._length + sum(len(each.text) for each in before)
            op = {"op": "splice", "path": path, "offset": offset, "delete": 0, "insert": edit.text}
        last = self._find(self._sent_last)
        request = self._id_of(edit)
        message = {
            "type": "patch",
            "id": request,
            "base": self._version,
            "after": self._sent_last if last and last.sent else "",
            "ops": [op],
        }
        # Marked before it is sent: its answer may come while this greenlet waits for the socket.
        edit.sent, self._sent_last = True, request
        self._in_flight += 1
        is_sent = self.send(json.dumps(message))
        if not is_sent and edit.sent:
            edit.sent, self._in_flight = False, self._in_flight - 1
        return is_sent

    def show(self) -> None:
        cursor = {"path": f"/{self.part.key}", "offset": self._length}
        state = {"cursor": cursor} if self._exists else {}
        self.send(json.dumps({"type": "presence", "state": state}))

    def _id_of(self, edit: Edit) -> str:
        return f"{self.part.name}.{edit.number}"

    def _find(self, request: str | None) -> Edit | None:
        return next((edit for edit in self._queue if self._id_of(edit) == request), None)

    def _forget_sent(self) -> None:
        """A new connection knows nothing of what the old one sent."""
        for edit in self._queue:
            edit.sent = False
        self._in_flight, self._sent_last, self._retry_at = 0, "", 0.0
        self._is_held = self._is_waiting = False
