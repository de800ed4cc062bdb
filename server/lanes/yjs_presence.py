"""A Yjs client's presence: its own states, and the messages that show other clients to it.

y-websocket sends every awareness message that it gets back to the server: an echo.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from collab.yjs import awareness
from collab.yjs import frames as yjs_frames
from collab.yjs.awareness import State

if TYPE_CHECKING:
    from server.documents.live_room import LiveRoom
    from server.runtime.settings import Settings

MAX_STATE = 1 << 20  # the limit when the setting has no limit
NO_CLIENTS = yjs_frames.awareness(awareness.encode([]))
# The most bytes and messages of echoes that a client may still send for free. Clients echo at once,
# so few echoes are missing at any time.
MOST_ECHOED, MOST_ECHOES = 1 << 20, 400


class YjsPresence:
    """Connects one Yjs session with the presence book of its document.

    Invariant: echoes are free, up to the messages and bytes that the server has sent to the client.
    """

    def __init__(self, live: LiveRoom, session: str, settings: Settings) -> None:
        self._live = live
        self._book = live.presence.book
        self._session = session
        self._max_connections = max(settings.max_connections, 512)
        self._state_bytes = settings.presence_bytes or MAX_STATE
        self._echoed = self._echoes = 0  # bytes and messages that the client may still echo

    def count_shown(self, size: int) -> None:
        """Count bytes of other clients' states sent to this client, which it will echo."""
        if size:
            self._echoed = min(self._echoed + size, MOST_ECHOED)
            self._echoes = min(self._echoes + 1, MOST_ECHOES)

    def consume_echo(self, size: int) -> bool:
        """Whether `size` bytes can be an echo; if so, they are free.

        With many clients, the echoes alone would exceed any budget.
        """
        if size > self._echoed or not self._echoes:
            return False
        self._echoed -= size
        self._echoes -= 1
        return True

    def receive(self, body: bytes, now: float) -> Iterator[bytes]:
        """Apply the client's own states, and ignore other states.

        Return messages that the client must get before the next presence news.
        """
        leases = self._live.room.document.leases
        audible = self._book.accepted_client_ids(self._session, leases)
        states = awareness.decode(body, self._bounds(), only=audible)
        behind = self._book.receive_awareness(self._session, states, now, leases)
        self._live.presence.changed()
        return self._messages(behind)

    def _bounds(self) -> awareness.AwarenessBounds:
        """Return the limits of a message. An echo has the states of all clients on all instances.

        It may also have the states of clients that left.
        """
        clients = self._max_connections + len(self._book.remote)
        return awareness.AwarenessBounds(2 * clients, self._state_bytes)

    def all_states(self) -> Iterator[bytes]:
        """Return the messages that show the other clients, or one empty message without clients."""
        states = self._book.awareness(but=self._session)
        return self.show(states) if states else iter([NO_CLIENTS])

    def show(self, states: list[State]) -> Iterator[bytes]:
        """Return the messages with the states of other clients."""
        return self._messages(self._removals(states), states)

    def protect_own(self, states: list[State]) -> Iterator[bytes]:
        """Return messages to send before `states`, so that the client keeps its own state."""
        return self._messages(self._removals(states))

    def _removals(self, states: list[State]) -> list[State]:
        """Return removals for `states` that may come from this client's older socket.

        The clock of a removal is one lower. So y-protocols keeps the client's newer state, and
        other clients ignore the removal as stale.
        """
        perhaps = self._book.possibly_own(self._session, states)
        return [State(one.client, one.clock - 1, None) for one in perhaps]

    def _messages(self, *groups: list[State]) -> Iterator[bytes]:
        """Yield a message for each non-empty group; y-websocket reads one message a frame."""
        for states in filter(None, groups):
            message = yjs_frames.awareness(awareness.encode(states))
            self.count_shown(len(message))
            yield message
