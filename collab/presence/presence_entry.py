"""A presence entry: one session's presence as others see it, and what a client may show."""

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
class ClientIdentity:
    """Who a session is, as its token says; on the patch lane the server makes `client_id`."""

    session: str
    user: str
    name: str
    client: str
    role: str
    lane: Literal["patch", "yjs"]
    client_id: int = 0

    def is_another_tab(self, other: ClientIdentity) -> bool:
        """Whether one user edits in both tabs. A session of the same client name may be its own
        earlier socket. A session that may only read, as a preview does, disturbs no other tab.
        """
        return (
            self.user == other.user
            and self.session != other.session
            and not (self.client and self.client == other.client)
            and all(Role(one.role).reaches(Role.EDITOR) for one in (self, other))
        )


@dataclass(slots=True, eq=False)
class PresenceEntry:
    """Invariant: `state` and `awareness_state` name the user as the token does."""

    identity: ClientIdentity
    joined: int  # counts up in a room: the newer of two sessions has the greater
    last_seen_at: float
    client_id: int = 0
    state: dict[str, Any] | None = None
    awareness_state: dict[str, Any] | None = None
    cursor: str = ""  # the path of a cursor that is relocated
    announced: bool = False  # other sessions have been sent it
    sent_to_newcomer: bool = False  # not announced, but a session that opened was sent it
    timed_out: bool = False
    # The last one sent for the client id. The first is 1: y-protocols takes 0 for the clock of a
    # client that it does not know, and ignores a state whose clock is not later.
    clock: int = 0
    client_clock: int = -1  # the last one that the client itself sent
    announced_at: float = field(default=float("-inf"))  # last sent as joined, updated or left
    sent_to_yjs_at: float = field(default=float("-inf"))  # last sent on the Yjs lane

    @property
    def may_show(self) -> bool:
        """Whether its states are shown: a Yjs client that may not write is ignored."""
        return self.identity.lane == "patch" or self.identity.role != "viewer"

    @property
    def visible(self) -> bool:
        return self.state is not None and not self.timed_out

    @property
    def peer(self) -> Peer:
        identity = self.identity
        return Peer(
            session=identity.session,
            client_id=self.client_id,
            user=identity.user,
            name=identity.name,
            client=identity.client,
            role=identity.role,
            state=self.state or {},
        )

    @property
    def awareness(self) -> State:
        """What the Yjs lane was sent last, or is sent now."""
        return State(self.client_id, self.clock, self.awareness_state)

    def accepts(self, received: State) -> bool:
        """Whether this is news: the same clock again only where it takes the state away."""
        if received.clock == self.client_clock:
            return received.state is None and self.state is not None
        return received.clock > self.client_clock

    def catch_up(self, received: State) -> list[State]:
        """Note the client's own clock; the states to send it first, when others have a later clock.

        They say that it is gone at the later clock: y-protocols then keeps the client's state and
        counts on from that clock.
        """
        self.client_clock = received.clock
        if received.state is None or received.clock > self.clock:
            return []
        return [State(self.client_id, self.clock, None)]

    def mark_alive(self, now: float) -> None:
        """The client is there; it has not timed out."""
        self.last_seen_at = now
        self.timed_out = False

    def set_state(self, state: dict[str, Any] | None) -> None:
        """Show the newest state, with the user that the server knows."""
        self.cursor = ""
        if state is None:
            self.state = self.awareness_state = None
            return
        signed = self._sign(state)
        if self.identity.lane == "yjs":
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
        user.update(id=self.identity.user, name=self.identity.name)
        return {**state, "user": user}


MAX_STATE_BYTES = 2048
MAX_DEPTH = 64

_encode = msgspec.json.encode


def check_state(state: dict[str, Any] | None, *, max_bytes: int) -> Refusal | None:
    """Refuse a patch client's state that is too large (0: no bound) or that is not valid JSON.

    Browsers echo it on the Yjs lane, which reads no other JSON.
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
