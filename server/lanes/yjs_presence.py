"""A Yjs client's presence: the states that it sends, and those that it is sent."""

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
# The most bytes and messages that a client may echo later; it echoes at once.
MOST_ECHOED, MOST_ECHOES = 1 << 20, 400


class YjsPresence:
    """The presence of one session in its document.

    Invariant: it is in the book from the beginning until `leave`. Echoes are not charged to the
    client, and are at most as many and as large as the states that it was sent.
    """

    def __init__(
        self, live: LiveRoom, member: Member, settings: Settings, now: Callable[[], float]
    ) -> None:
        self._live = live
        self._now = now
        self._book = live.presence.book
        self._session = member.author.session
        self._bounds = awareness.AwarenessBounds(
            # y-websocket echoes the states of all clients, also of those that left.
            states=2 * max(settings.max_connections, 512),
            state_bytes=settings.presence_bytes or MAX_STATE,
        )
        self._echoed = self._echoes = 0  # sent to the client, and not echoed yet
        author, role = member.author, member.rights.role
        identity = ClientIdentity(
            author.session, author.user, author.name, author.client, role, "yjs"
        )
        self._book.join(identity, now())
        live.presence.notify_other_tabs(author)

    def count_shown(self, size: int) -> None:
        """Count bytes of others' states that the client was sent: y-websocket echoes them."""
        if size:
            self._echoed = min(self._echoed + size, MOST_ECHOED)
            self._echoes = min(self._echoes + 1, MOST_ECHOES)

    def consume_echo(self, size: int) -> bool:
        """Whether so many bytes can be an echo, which in a crowd is more than any budget."""
        if size > self._echoed or not self._echoes:
            return False
        self._echoed -= size
        self._echoes -= 1
        return True

    def receive(self, body: bytes) -> Iterator[bytes]:
        """Take the client's own states; those of others are ignored.

        Returns messages that must be sent to the client first.
        """
        leases = self._live.room.document.leases
        audible = self._book.accepted_client_ids(self._session, leases)
        states = awareness.decode(body, self._bounds, only=audible)
        behind = self._book.receive_awareness(self._session, states, self._now(), leases)
        self._live.presence.changed()
        return self._messages(behind)

    def all_states(self) -> Iterator[bytes]:
        """The messages that show the other clients; an empty one where there are none."""
        states = self._book.awareness(but=self._session)
        return self.show(states) if states else iter([NO_CLIENTS])

    def show(self, states: list[State]) -> Iterator[bytes]:
        """The messages with the states of other clients."""
        return self._messages(self._removals(states), states)

    def protect_own(self, states: list[State]) -> Iterator[bytes]:
        """The message that must come before the one that all clients get."""
        return self._messages(self._removals(states))

    def _removals(self, states: list[State]) -> list[State]:
        """Removals that keep the client's own state, when one of `states` may be its old one.

        Such a state is removed one clock earlier. Then y-protocols keeps the client's newer state,
        and other clients ignore the removal as old.
        """
        perhaps = self._book.possibly_own(self._session, states)
        return [State(one.client, one.clock - 1, None) for one in perhaps]

    def _messages(self, *groups: list[State]) -> Iterator[bytes]:
        """A message for each group that is not empty; y-websocket reads one of a frame."""
        for states in filter(None, groups):
            message = yjs_frames.awareness(awareness.encode(states))
            self.count_shown(len(message))
            yield message

    def mark_alive(self) -> None:
        """Count the client as alive: it cannot show life while we do not read."""
        self._book.extend_timeout(self._session, self._now())

    def leave(self) -> None:
        self._book.leave(self._session)
        self._live.presence.changed()
