"""A presence entry: one session's presence as other clients see it."""

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
    """The identity of a session, from its token. The server makes a patch client's `client_id`."""

    session: str
    user: str
    name: str
    client: str
    role: str
    lane: Literal["patch", "yjs"]
    client_id: int = 0

    def is_another_tab(self, other: ClientIdentity) -> bool:
        """Whether one user edits in both tabs.

        A session with the same client name counts as the same tab: it may be an earlier socket of
        that tab. A session that may only read, such as a preview, does not count.
        """
        return (
            self.user == other.user
            and self.session != other.session
            and not (self.client and self.client == other.client)
            and all(Role(one.role).reaches(Role.EDITOR) for one in (self, other))
        )


@dataclass(slots=True, eq=False)
class PresenceEntry:
    """Keeps one session's state, and which part of it other clients have received.

    Invariant: `state` and `awareness_state` name the user from the token.
    """

    identity: ClientIdentity
    joined: int  # a newer session of the document has a greater number, on all instances
    last_seen_at: float
    instance: str = ""  # the other instance with the session's connection; empty for this one
    client_id: int = 0
    state: dict[str, Any] | None = None
    awareness_state: dict[str, Any] | None = None
    cursor: str = ""  # the path of the cursor that changes relocate
    cursor_version: int = 0  # the changes up to this version have already relocated the cursor
    announced: bool = False  # the other sessions know this session
    sent_to_newcomer: bool = False  # not announced, but a newly opened session knows it
    timed_out: bool = False
    # The last clock sent for the client id. The first is 1: y-protocols assumes clock 0 for an
    # unknown client, and ignores a state without a later clock.
    clock: int = 0
    client_clock: int = -1  # the last clock that the client itself sent
    announced_at: float = field(default=float("-inf"))  # last sent as joined, updated or left
    sent_to_yjs_at: float = field(default=float("-inf"))  # last sent on the Yjs lane

    @property
    def may_show(self) -> bool:
        """Whether other clients see the session's states. States of Yjs viewers are ignored."""
        return self.identity.lane == "patch" or self.identity.role != "viewer"

    @property
    def visible(self) -> bool:
        """Whether the session has a state and has not timed out."""
        return self.state is not None and not self.timed_out

    @property
    def peer(self) -> Peer:
        """The session as the patch lane shows it."""
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
        """The state that the Yjs lane gets, with its last clock."""
        return State(self.client_id, self.clock, self.awareness_state)

    def accepts(self, received: State) -> bool:
        """Whether a received state is newer; at the same clock, only a removal is accepted."""
        if received.clock == self.client_clock:
            return received.state is None and self.state is not None
        return received.clock > self.client_clock

    def catch_up(self, received: State) -> list[State]:
        """Note the client's own clock, and return the states that this client gets first.

        When other clients know a later clock, the client gets the removal of its own id at this
        later clock. Then y-protocols keeps the client's state and continues from this clock.
        """
        self.client_clock = received.clock
        if received.state is None or received.clock > self.clock:
            return []
        return [State(self.client_id, self.clock, None)]

    def mark_alive(self, now: float) -> None:
        """Note that the client sent a message, and end its timeout."""
        self.last_seen_at = now
        self.timed_out = False

    def set_state(self, state: dict[str, Any] | None) -> None:
        """Set the newest state, with the user from the token in it."""
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
        # The cursor plugins of editors read the colour from `user.color`.
        if isinstance(state.get("color"), str):
            user.setdefault("color", state["color"])
        user.update(id=self.identity.user, name=self.identity.name)
        return {**state, "user": user}


MAX_STATE_BYTES = 2048
MAX_DEPTH = 64

_encode = msgspec.json.encode


def check_state(state: dict[str, Any] | None, *, max_bytes: int) -> Refusal | None:
    """Return a refusal for a patch client's state that is too large or not valid JSON.

    `max_bytes` of 0 means no limit. Yjs clients get the state too and echo it, and the Yjs lane
    accepts only valid JSON.
    """
    if state is None:
        return None
    size = len(_encode(state))
    if 0 < max_bytes < size:
        return Refusal(
            Code.TOO_LARGE,
            f"the presence state has {size} bytes of JSON, but {max_bytes} are allowed",
        )
    try:
        check(state, room=size, depth=MAX_DEPTH)
    except Rejected as rejected:
        return Refusal(Code.MALFORMED, f"in the presence state: {rejected.refusal.message}")
    return None
