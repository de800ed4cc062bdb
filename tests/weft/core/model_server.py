"""A model server: the server's own rules, and connections that a test delays and cuts."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from collab import wire
from collab.entry import Entry
from collab.messages import Opened
from collab.room.member import Member
from collab.room.requests import PatchRequest, Request, Round, UndoRequest
from tests.collab.room.rooms import member, opened
from weft.core.effects import Asked, Ended, Reload, Send, Wait
from weft.core.machine import Machine

Message = dict[str, Any]


class ModelServer:
    """One document, its log, and the connections to it."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.room = opened(value)
        self.log: list[Entry] = []
        self.lines: list[Line] = []
        self.overwrote: set[str] = set()  # ids of patches that have overwritten values of others

    @property
    def value(self) -> Any:
        return self.room.value

    def receive(self, line: Line, message: Message) -> None:
        """Apply a request, commit it, and put the answers on their way."""
        request: Request
        if message["type"] == "patch":
            after, step = message.get("after"), message.get("step", "")
            request = PatchRequest(
                message["id"], message["base"], message["ops"], after=after, step=step
            )
        else:
            redo = message["type"] == "redo"
            request = UndoRequest(message["id"], message.get("scope", ""), redo)
        answer = self.room.apply(line.member, request, Round(0))
        self.room.pending()
        entries, _ = self.room.commit()
        self.log += entries
        if answer.ack.get("conflicts"):
            self.overwrote.add(message["id"])
        if answer.refusal is not None:
            sent: Any = wire.reject(message["id"], answer.refusal, answer.version)
        else:
            sent = wire.ack(message["id"], answer.version, answer.ack)
        line.put(sent)
        for entry in entries:
            for other in self.lines:
                if other is not line:
                    mine = entry.author.user == other.member.author.user
                    other.put(wire.change(entry, with_id=mine))

    def open(self, line: Line, since: int | None) -> Message:
        """Return `opened`: with the changes after `since`, or with the value."""
        head, epoch = self.room.version, self.room.epoch
        known: Message = {"value": self.room.value}
        if since is not None:
            user = line.member.author.user
            newer = [entry for entry in self.log if entry.version > since]
            changes = [wire.change(entry, with_id=entry.author.user == user) for entry in newer]
            known = {"changes": changes}
        message = {"type": "opened", "epoch": epoch, "version": head, **known}
        assert Opened.__struct_config__.tag == "opened"
        decoded: Message = msgspec.json.decode(wire.encode(message))
        return decoded


class Line:
    """A connection: messages wait in both directions until the test delivers them."""

    def __init__(self, server: ModelServer, user: str) -> None:
        self.server = server
        self.member: Member = member(user, pipelines=True)
        self.up: deque[Message] = deque()
        self.down: deque[Message] = deque()

    def put(self, message: Any) -> None:
        self.down.append(msgspec.json.decode(wire.encode(message)))


class ModelClient:
    """A client's state machine, with what became of its changes."""

    def __init__(self, server: ModelServer, user: str) -> None:
        self.server = server
        self.user = user
        self.machine = Machine()
        self.line: Line | None = None
        self.ends: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.sent: dict[str, Any] = {}
        self.must_reload = False
        self.is_due = False
        self.count = 0

    def next_id(self) -> str:
        self.count += 1
        return f"{self.user}.{self.count}"

    def connect(self, *, resync: bool = False) -> None:
        machine = self.machine
        self.line = Line(self.server, self.user)
        self.server.lines.append(self.line)
        resumes = machine.confirmed.epoch is not None and not resync and not self.must_reload
        self.must_reload = False
        self.line.down.append(
            self.server.open(self.line, machine.confirmed.version if resumes else None)
        )

    def cut(self) -> None:
        """Lose the connection, with everything on its way."""
        assert self.line is not None
        self.server.lines.remove(self.line)
        self.line = None
        self.machine.closed(1006)
        self.perform()

    def deliver_up(self) -> None:
        assert self.line is not None
        self.server.receive(self.line, self.line.up.popleft())

    def deliver_down(self) -> None:
        assert self.line is not None
        message = self.line.down.popleft()
        handlers = {
            "opened": self.machine.opened,
            "change": self.machine.change,
            "ack": self.machine.ack,
            "reject": self.machine.reject,
        }
        handlers[message["type"]](message)
        self.perform()

    def perform(self) -> None:
        for effect in self.machine.take_effects():
            match effect:
                case Send() if self.line is not None:
                    self._check_sent(effect.message)
                    self.line.up.append(effect.message)
                case Ended():
                    self.ends.setdefault(effect.id, []).append(effect.state)
                case Asked():
                    self.asked.append(effect.id)
                case Reload():
                    self.must_reload = True
                case Wait():
                    self.is_due = True

    def _check_sent(self, message: Message) -> None:
        """A request that was sent before has the same ops."""
        ops = message.get("ops")
        code = msgspec.json.encode(ops)
        refused = self.sent.get(message["id"])
        assert refused in (None, code), (message, refused)
        self.sent[message["id"]] = code
