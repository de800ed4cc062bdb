"""Who is in the document, and what the others see of this client."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from weft.core.patch import as_json
from weft.environment import now
from weft.errors import NotJsonError
from weft.events import Emitter
from weft.session import Session
from weft.transport import Message

# The server shows at most 20 states of a client per second.
EVERY = 0.05
LARGEST = 2048


class Presence(Emitter):
    """The clients in the document. The event `change` has the new list of others."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._sessions: dict[str, dict[str, Any]] = {}
        self._state: dict[str, Any] | None = None
        self._is_set = self._is_due = False
        self._sent_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        session.on("message:opened", self._opened)
        session.on("message:presence", self._learn)
        session.on("closed", lambda _: self._replace({}))
        session.on("status", self._send_when_settled)

    @property
    def others(self) -> list[dict[str, Any]]:
        """The other clients: `session`, `user`, `name`, `client`, `role` and `state` of each."""
        own = self._session.opened.get("session")
        return [peer for name, peer in self._sessions.items() if name != own]

    def set(self, state: dict[str, Any] | None) -> None:
        """Show a state, for example `{"cursor": {"path": "/title", "offset": 3}}`.

        With None, the others do not see this client.
        """
        self._session.require_open()
        state = as_json(state)
        most = self._session.opened.get("limits", {}).get("presence_bytes", LARGEST)
        if len(msgspec.json.encode(state)) > most:
            raise NotJsonError(f"a presence state has at most {most} bytes of JSON: show less")
        self._state, self._is_set, self._is_due = state, True, True
        self._send_when_settled()

    def _opened(self, message: Message) -> None:
        self._is_due = self._is_set
        self._replace({peer["session"]: peer for peer in message["presence"]})
        self._send_when_settled()

    def _learn(self, message: Message) -> None:
        news = [*message.get("joined", ()), *message.get("updated", ())]
        gone = set(message.get("left", ()))
        kept = {name: peer for name, peer in self._sessions.items() if name not in gone}
        self._replace({**kept, **{peer["session"]: peer for peer in news}})

    def _replace(self, sessions: dict[str, dict[str, Any]]) -> None:
        if sessions != self._sessions:
            self._sessions = sessions
            self.emit("change", self.others)

    def _send_when_settled(self) -> None:
        """Send the state. Its cursor refers to a value without pending changes: wait for them."""
        session = self._session
        machine = session.machine
        if not self._is_due or not machine.is_online or session.is_closed or machine.pending:
            return
        early = EVERY - (now() - self._sent_at)
        if early > 0:
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(early, self._send_later)
            return
        self._is_due, self._sent_at = False, now()
        base = machine.confirmed.version
        session.transport.send({"type": "presence", "base": base, "state": self._state})

    def _send_later(self) -> None:
        self._timer = None
        self._send_when_settled()
