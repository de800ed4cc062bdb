"""A Yjs client's presence: what it says of itself, and what it is told when it asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from collab.room.person import Visitor
from collab.yjs import awareness
from collab.yjs import frames as yjs_frames

if TYPE_CHECKING:
    from collab.room.member import Member
    from server.live import LiveRoom
    from server.settings import Settings

MAX_STATE = 1 << 20  # where the setting says that there is no bound
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
        visitor = Visitor(author.session, author.user, author.name, author.client, role, "yjs")
        self._book.join(visitor, now())
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

    def hear(self, body: bytes) -> None:
        """What the client says of itself; what it says of others is not listened to."""
        leases = self._live.room.document.leases
        audible = self._book.audible(self._session, leases)
        states = awareness.decode(body, self._bounds, only=audible)
        self._book.hear(self._session, states, self._now(), leases)
        self._live.presence.changed()

    def everybody(self) -> bytes:
        """The message that shows who is there."""
        message = yjs_frames.awareness(awareness.encode(self._book.awareness()))
        self.told(len(message))
        return message

    def excuse(self) -> None:
        """It cannot be heard, because we do not read."""
        self._book.excuse(self._session, self._now())

    def leave(self) -> None:
        self._book.leave(self._session)
        self._live.presence.changed()
