"""A person: one session's presence, as it is shown to others, and what a client may show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from collab.errors import Code, Refusal, Rejected
from collab.messages import Peer
from collab.patch.bounds import check
from collab.rights.user_rights import Role
from collab.yjs.awareness import State


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a session is, by the server's knowledge; `client_id` is server-made on the patch lane."""

    session: str
    user: str
    name: str
    client: str
    role: str
    lane: Literal["patch", "yjs"]
    client_id: int = 0

    def is_another_tab(self, other: Visitor) -> bool:
        """Whether one user edits in both. One of the same name may be its own former socket, and
        who may only read, as a preview does, gets in nobody's way.
        """
        return (
            self.user == other.user
            and self.session != other.session
            and not (self.client and self.client == other.client)
            and all(Role(one.role).reaches(Role.EDITOR) for one in (self, other))
        )


@dataclass(slots=True, eq=False)
class Person:
    """Invariant: `state` and `awareness_state` name the user as the visitor's token does."""

    visitor: Visitor
    joined: int  # counts up in a room: the newer of two sessions has the greater
    heard_at: float
    client_id: int = 0
    state: dict[str, Any] | None = None
    awareness_state: dict[str, Any] | None = None
    cursor: str = ""  # the path of a cursor that is carried
    shown: bool = False  # others have been told of it
    met: bool = False  # not announced yet, but somebody who came meanwhile was told of it
    silent: bool = False
    # The last one given out for the client id. The first is 1: y-protocols takes 0 for the clock
    # of a client it does not know, and passes over a state that is no later.
    clock: int = 0
    heard_clock: int = -1  # the last one that the client itself stated
    changed_at: float = field(default=float("-inf"))  # last told as joined, updated or left
    told_at: float = field(default=float("-inf"))  # last told on the Yjs lane

    @property
    def may_show(self) -> bool:
        """What a Yjs client without the right to write says of itself is dropped in silence."""
        return self.visitor.lane == "patch" or self.visitor.role != "viewer"

    @property
    def visible(self) -> bool:
        return self.state is not None and not self.silent

    @property
    def peer(self) -> Peer:
        visitor = self.visitor
        return Peer(
            session=visitor.session,
            client_id=self.client_id,
            user=visitor.user,
            name=visitor.name,
            client=visitor.client,
            role=visitor.role,
            state=self.state or {},
        )

    @property
    def awareness(self) -> State:
        """What the Yjs lane was told last, or is told now."""
        return State(self.client_id, self.clock, self.awareness_state)

    def accepts(self, heard: State) -> bool:
        """Whether this is news: the same clock again only where it takes the state away."""
        if heard.clock == self.heard_clock:
            return heard.state is None and self.state is not None
        return heard.clock > self.heard_clock

    def catch_up(self, heard: State) -> list[State]:
        """Note the client's own clock; what to tell it first, where others were told a later one.

        That it is gone, as of then: y-protocols keeps the client's state, and goes on from there.
        """
        self.heard_clock = heard.clock
        if heard.state is None or heard.clock > self.clock:
            return []
        return [State(self.client_id, self.clock, None)]

    def hear(self, now: float) -> None:
        """A sign of life."""
        self.heard_at = now
        self.silent = False

    def show(self, state: dict[str, Any] | None) -> None:
        """The newest state, with the server's word for who it is."""
        self.cursor = ""
        if state is None:
            self.state = self.awareness_state = None
            return
        signed = self._sign(state)
        if self.visitor.lane == "yjs":
            self.state = self.awareness_state = signed
            return
        self.state = signed if "user" in state else state
        self.awareness_state = signed
        cursor = state.get("cursor")
        if isinstance(cursor, dict) and isinstance(cursor.get("path"), str):
            self.cursor = cursor["path"]

    def _sign(self, state: dict[str, Any]) -> dict[str, Any]:
        user = state.get("user")
        user = dict(user) if isinstance(user, dict) else {}
        # Where editors' cursor plugins look for it.
        if isinstance(state.get("color"), str):
            user.setdefault("color", state["color"])
        user.update(id=self.visitor.user, name=self.visitor.name)
        return {**state, "user": user}


MAX_STATE_BYTES = 2048
MAX_DEPTH = 64

_encode = msgspec.json.encode


def judge_state(state: dict[str, Any] | None, *, max_bytes: int) -> Refusal | None:
    """Refuse a patch client's state that is too large (0 is no bound) or no JSON of ours.

    It goes into browsers, whose clients echo it on the Yjs lane, where nothing else is read.
    """
    if state is None:
        return None
    size = len(_encode(state))
    if 0 < max_bytes < size:
        return Refusal(Code.TOO_LARGE, f"A presence state is at most {max_bytes} bytes of JSON.")
    try:
        check(state, room=size, depth=MAX_DEPTH)
    except Rejected as rejected:
        return Refusal(Code.MALFORMED, f"A presence state: {rejected.refusal.message}.")
    return None
