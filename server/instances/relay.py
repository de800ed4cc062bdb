"""The relay tells the other instances what happens here, and hears what happens there.

A document has one channel. An instance listens to it while the document is open. What a message
says is never trusted further than its positions: versions without a gap are applied, and for all
else the database is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from collab.errors import Code, Rejected
from collab.flow.shared import BudgetsAsked, BudgetsShown
from collab.ports.store import StorageUnavailable
from collab.presence.shared import PresenceAsked, PresenceShown
from server.documents.remote_head import is_after
from server.documents.room_state import LiveState
from server.instances import messages
from server.instances.messages import Committed, Controlled, Deleted, channel_of
from server.instances.presence_exchange import PresenceExchange
from server.runtime.batched_lookup import BatchedLookup

if TYPE_CHECKING:
    from collab.entry import Entry
    from collab.ids import DocKey
    from collab.ports.gossip import Gossip
    from collab.ports.positions import Position
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom
    from server.instances.messages import Body


class Relay:
    """Joins this instance's documents with the same documents of other instances.

    Invariant: while a document is open, the relay listens to its channel. Gossip says `LOST` at the
    beginning. So what was committed between the opening and this moment is not missed.
    """

    def __init__(self, hub: Hub, gossip: Gossip, instance: str) -> None:
        self.presence = PresenceExchange(gossip, hub.clock, instance)
        self._hub = hub
        self._gossip = gossip
        self.instance = instance
        self._positions = BatchedLookup(hub.store.positions)
        self._ends: dict[LiveRoom, Callable[[], None]] = {}
        self._waiters: dict[LiveRoom, asyncio.Future[None]] = {}

    # --- telling ----------------------------------------------------------------------------

    def opened(self, live: LiveRoom) -> None:
        channel = channel_of(live.key)
        self.presence.opened(live)
        self._ends[live] = self._gossip.subscribe(channel, partial(self._receive, live))

    def closed(self, live: LiveRoom) -> None:
        end = self._ends.pop(live, None)
        if end is not None:
            self.presence.closed(live)
            end()
        self.followed(live)

    def followed(self, live: LiveRoom) -> None:
        waiter = self._waiters.pop(live, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def committed(self, live: LiveRoom, entries: Sequence[Entry], was: int) -> None:
        position = live.position
        small = entries if position.revision == was and messages.is_small(entries) else ()
        self._publish(live.key, Committed(entries[0].version - 1, position, list(small)))

    def controlled(self, live: LiveRoom) -> None:
        self._publish(live.key, Controlled(live.position))

    def deleted(self, key: DocKey) -> None:
        self._publish(key, Deleted())

    def _publish(self, key: DocKey, body: Body) -> None:
        self._gossip.publish(channel_of(key), messages.encode(self.instance, body))

    # --- hearing ----------------------------------------------------------------------------

    def _receive(self, live: LiveRoom, message: bytes) -> None:
        """Note what a message says, and wake the commit loop when there is work."""
        received = messages.decode(message)
        if received is None:
            live.remote.doubt()
            self.presence.lost(live)
        elif received.sender == self.instance:
            return
        else:
            match received.body:
                case Committed() as said:
                    live.remote.note_commit(live.position, said.before, said.position, said.entries)
                case Controlled() as said:
                    live.remote.note(live.position, said.position)
                case Deleted():
                    live.remote.doubt()
                case PresenceShown() | PresenceAsked() as said:
                    self.presence.receive(live, received.sender, said)
                    return
                case BudgetsShown() | BudgetsAsked():  # they have a channel of their own
                    return
        self._wake(live)

    def _wake(self, live: LiveRoom) -> None:
        if live.state is LiveState.OPEN and live.remote.is_due(live.position):
            self._hub.wake(live)

    # --- asking -----------------------------------------------------------------------------

    async def level(self, live: LiveRoom) -> None:
        self._positions.invalidate(live.key)  # a query that runs now may have read an older head
        try:
            position = await self._positions.get(live.key)
        except StorageUnavailable as error:
            raise _unknown() from error
        if position is None:
            if live.room.exists:
                live.remote.doubt()
        else:
            live.remote.note(live.position, position)
        self._wake(live)
        await self._until_level(live, position)

    async def _until_level(self, live: LiveRoom, wanted: Position | None) -> None:
        """Wait until the document has reached a position, or has followed all that was heard."""
        try:
            async with asyncio.timeout(self._hub.bounds.answer_seconds):
                while not _is_level(live, wanted):
                    if live.is_read_only:
                        raise _unknown()
                    live.remote.await_level()
                    await asyncio.shield(self._waiter(live))
        except TimeoutError as error:
            raise _unknown() from error

    def _waiter(self, live: LiveRoom) -> asyncio.Future[None]:
        waiter = self._waiters.get(live)
        if waiter is None:
            waiter = self._waiters[live] = asyncio.get_running_loop().create_future()
        return waiter

    async def poll(self) -> None:
        """Compare all open documents with the database. Maintenance calls this every second."""
        lives = list(self._ends)
        found = await self._hub.store.positions([live.key for live in lives])
        for live in lives:
            position = found.get(live.key)
            if position is not None:
                live.remote.note(live.position, position)
            elif live.room.exists:
                live.remote.doubt()
            self._wake(live)


def _is_level(live: LiveRoom, wanted: Position | None) -> bool:
    """Whether nothing has to be waited for.

    While a task asks the database or loads the document, nothing is due, but the document is not
    level yet.
    """
    if live.state is LiveState.CLOSED:
        return True
    if wanted is not None and not is_after(wanted, live.position):
        return True
    return live.state is LiveState.OPEN and not live.remote.is_due(live.position)


def _unknown() -> Rejected:
    message = (
        "the database does not answer, so this server cannot know the newest version; try again"
    )
    return Rejected(Code.STORAGE_UNAVAILABLE, message)
