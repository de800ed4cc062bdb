"""Shared presence: the messages with which instances show each other their sessions.

An instance is one running server process. Each instance shows the sessions of its own connections.
Every instance keeps the sessions of the others in its presence book.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import Struct

from collab.presence.presence_entry import ClientIdentity, PresenceEntry


class SharedSession(Struct, frozen=True, array_like=True):
    """A session as its instance shows it to the others.

    `state` is None while other clients do not see the session. `clock` is the last clock that the
    instance sent for the client id.
    """

    session: str
    user: str
    name: str
    client: str
    role: str
    lane: Literal["patch", "yjs"]
    client_id: int
    joined: int
    clock: int
    state: dict[str, Any] | None

    @classmethod
    def of(cls, entry: PresenceEntry) -> SharedSession:
        who = entry.identity
        return cls(
            who.session,
            who.user,
            who.name,
            who.client,
            who.role,
            who.lane,
            entry.client_id,
            entry.joined,
            entry.clock,
            entry.state if entry.visible else None,
        )

    @property
    def identity(self) -> ClientIdentity:
        return ClientIdentity(
            self.session, self.user, self.name, self.client, self.role, self.lane, self.client_id
        )


class PresenceShown(Struct, frozen=True, array_like=True, tag="presence"):
    """The changes of an instance's sessions: the messages after `before`, up to `number`.

    Numbers are dense, so a reader sees a gap. Then it asks for all sessions. With the same number
    twice, the message has no change: it shows that the instance is there. With `sessions_here`, the
    message begins a list of all sessions, and every other session is gone.

    The cursors in `sessions` are at `version` of `epoch`. `renewed` has unchanged states with a
    later clock. `ahead` has sessions of the other instances for which this one sent later clocks.
    """

    before: int
    number: int
    epoch: int = 0
    version: int = 0
    sessions: list[SharedSession] = []
    renewed: list[tuple[str, int]] = []
    left: list[str] = []
    ahead: list[tuple[str, int]] = []
    sessions_here: list[str] | None = None


class PresenceAsked(Struct, frozen=True, array_like=True, tag="presence?"):
    """An instance asks for all sessions of the instance `of`; of all others when it is empty."""

    of: str = ""


@dataclass(slots=True)
class SharedMarks:
    """What the next message to the other instances says. The newest state wins."""

    changed: dict[str, None] = field(default_factory=dict)
    renewed: dict[str, None] = field(default_factory=dict)
    left: dict[str, None] = field(default_factory=dict)
    ahead: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changed or self.renewed or self.left or self.ahead)

    def leave(self, session: str) -> None:
        self.changed.pop(session, None)
        self.renewed.pop(session, None)
        self.left[session] = None
