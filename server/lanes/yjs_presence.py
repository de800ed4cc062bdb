"""A Yjs client's presence: what it says of itself, and what it is told when it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from collab.presence.presence_entry import ClientIdentity
from collab.yjs import awareness
from collab.yjs import frames as yjs_frames
from collab.yjs.awareness import State

if TYPE_CHECKING:
    from collab.room.member import Member
    from server.documents.live_room import LiveRoom
    from server.runtime.settings import Settings

MAX_STATE = 1 << 20  # where the setting says that there is no bound
NO_CLIENTS = yjs_frames.awareness(awareness.encode([]))
# What may come back later of what was told; a client echoes at once.
MOST_ECHOED, MOST_ECHOES = 1 << 20, 400


class YjsPresence:
    """One session's place in its document's presence.

    Invariant: it is in the book from the beginning until `leave`. What is taken as an echo was
    told to it before, or is owed to it, as often and as large.
    """

    def __init__(
        self, live: LiveRoom, member: Member, settings: Settings, now: Callable[[], float]
    ) -> None:
        self._live = live
        self._now = now
        self._book = live.presence.book
        self._session = member.author.session
        self._bounds = awareness.AwarenessBounds(
            # y-websocket echoes everybody's states, and those of who left.
            states=2 * max(settings.max_connections, 512),
            state_bytes=settings.presence_bytes or MAX_STATE,
        )
        self._echoed = self._echoes = 0  # what was told and has not come back
        author, role = member.author, member.rights.role
        identity = ClientIdentity(
            author.session, author.user, author.name, author.client, role, "yjs"
        )
        self._book.join(identity, now())
        live.presence.tell_other_tabs(author)

    def told(self, size: int) -> None:
        """It was shown so many bytes of others, which y-websocket sends back."""
        if size:
            self._echoed = min(self._echoed + size, MOST_ECHOED)
            self._echoes = min(self._echoes + 1, MOST_ECHOES)

    def take_echo(self, size: int) -> bool:
        """Whether so much awareness may be an echo: in a crowd that is more than any budget."""
        if size > self._echoed or not self._echoes:
            return False
        self._echoed -= size
        self._echoes -= 1
        return True

    def hear(self, body: bytes) -> Iterator[bytes]:
        """What the client says of itself; what it says of others is not listened to.

        The answer, where there is one, is sent before all else.
        """
        leases = self._live.room.document.leases
        audible = self._book.accepted_client_ids(self._session, leases)
        states = awareness.decode(body, self._bounds, only=audible)
        behind = self._book.receive_awareness(self._session, states, self._now(), leases)
        self._live.presence.changed()
        return self._messages(behind)

    def everybody(self) -> Iterator[bytes]:
        """The messages that show the other clients; an empty one where there are none."""
        states = self._book.awareness(but=self._session)
        return self.show(states) if states else iter([NO_CLIENTS])

    def show(self, states: list[State]) -> Iterator[bytes]:
        """The messages that tell of others' states."""
        return self._messages(self._gone(states), states)

    def guard_own(self, states: list[State]) -> Iterator[bytes]:
        """The message that must come before those that everybody is told."""
        return self._messages(self._gone(states))

    def _gone(self, states: list[State]) -> list[State]:
        """What keeps the client's own state, where one that is told may be its own from before.

        That is said to be gone one clock earlier: y-protocols then keeps what the client shows
        by now, and to everybody else that is old news.
        """
        perhaps = self._book.possibly_own(self._session, states)
        return [State(one.client, one.clock - 1, None) for one in perhaps]

    def _messages(self, *groups: list[State]) -> Iterator[bytes]:
        """A message for each group that is not empty; y-websocket reads one of a frame."""
        for states in filter(None, groups):
            message = yjs_frames.awareness(awareness.encode(states))
            self.told(len(message))
            yield message

    def excuse(self) -> None:
        """It cannot be heard, because we do not read."""
        self._book.extend_timeout(self._session, self._now())

    def leave(self) -> None:
        self._book.leave(self._session)
        self._live.presence.changed()


def _message(states: list[State]) -> bytes:
    return yjs_frames.awareness(awareness.encode(states))
