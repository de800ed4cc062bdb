"""The presence exchange: shows this instance's sessions to the others, and shows theirs here.

The rules are in `collab/presence/sharing.py`. This module connects them with the open documents and
with the gossip (messages between instances).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from collab.presence.sharing import Head, PresenceMessage, PresenceSharing
from server.instances.messages import channel_of, encode

if TYPE_CHECKING:
    from collab.ports.gossip import Gossip
    from server.documents.live_room import LiveRoom
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

# Seconds over which an instance spreads its questions after the gossip was away: it asks about all
# its open documents.
SPREAD = 2.0


@dataclass(slots=True)
class _Shared:
    """An open document whose presence is shared."""

    live: LiveRoom
    sharing: PresenceSharing
    has_asked: bool = False


class PresenceExchange:
    """Shares the presence of all open documents with the other instances.

    The relay calls it: when it subscribes to a document's channel, for each message of another
    instance, when messages were lost, and when the document closes. `Sharing` calls `tick` about
    once a second.

    `instance` is the name of this process. No other process ever has the same name.
    """

    def __init__(self, gossip: Gossip, clock: Clock, instance: str) -> None:
        self._gossip = gossip
        self._clock = clock
        self._instance = instance
        self._documents: dict[LiveRoom, _Shared] = {}
        # Greater than every number of a document that has closed. It may open again, and the other
        # instances remember its last number.
        self._next_number = 1

    def __len__(self) -> int:
        return len(self._documents)

    def opened(self, live: LiveRoom) -> None:
        """Begin to share a document's presence. The channel's first `LOST` asks the others."""
        now = self._clock.monotonic()
        sharing = PresenceSharing(live.presence.book, self._instance, self._next_number, now)
        shared = self._documents[live] = _Shared(live, sharing)
        live.presence.share(partial(self._send, shared))
        live.presence.changed()

    def closed(self, live: LiveRoom) -> None:
        """End the sharing. The sessions of this document here vanish elsewhere at once."""
        shared = self._documents.pop(live, None)
        if shared is None:
            return
        live.presence.end_sharing()
        last = shared.sharing.end(self._clock.monotonic())
        self._next_number = max(self._next_number, shared.sharing.number + 1)
        if last is not None:
            self._publish(live, last)
        if len(live.audience):
            live.presence.changed()

    def close(self) -> None:
        """End the sharing of all documents, because this instance stops."""
        for live in list(self._documents):
            self.closed(live)

    def receive(self, live: LiveRoom, sender: str, message: PresenceMessage) -> None:
        """Apply a message of another instance."""
        shared = self._documents.get(live)
        if shared is None:
            return
        now = self._clock.monotonic()
        for session in shared.sharing.receive(sender, message, _head_of(live), now):
            live.presence.notify_other_tabs(session)
        self._continue(shared, now)

    def lost(self, live: LiveRoom) -> None:
        """Ask the others for their sessions: messages of the channel may not have arrived."""
        shared = self._documents.get(live)
        if shared is None:
            return
        now = self._clock.monotonic()
        shared.sharing.ask(now, wait=self._clock.jitter(SPREAD) if shared.has_asked else 0.0)
        shared.has_asked = True
        self._continue(shared, now)

    def tick(self) -> None:
        """Remove the sessions of silent instances, and send what is due."""
        now = self._clock.monotonic()
        for shared in list(self._documents.values()):
            if not shared.sharing.is_idle:
                shared.sharing.expire(now)
                self._send(shared)
                shared.live.presence.changed()

    def _continue(self, shared: _Shared, now: float) -> None:
        """Announce what a message changed, and send answers and questions with the next tick."""
        shared.live.presence.changed()
        if shared.sharing.is_due(now):
            shared.live.presence.tick_soon()

    def _send(self, shared: _Shared) -> None:
        live, now = shared.live, self._clock.monotonic()
        try:
            for message in shared.sharing.messages(_head_of(live), now):
                self._publish(live, message)
        except Exception:  # a bug here must not stop the presence of the clients of this instance
            logger.exception("presence cannot be shared", extra=live.key._asdict())

    def _publish(self, live: LiveRoom, message: PresenceMessage) -> None:
        """Send a message, unless no instance would get it now: the next ones make up for it."""
        if not self._gossip.is_connected:
            return
        self._gossip.publish(channel_of(live.key), encode(self._instance, message))


def _head_of(live: LiveRoom) -> Head:
    room = live.room
    tail = room.tail
    return Head(
        room.epoch,
        room.version,
        lambda version: tail.changes(version) if version >= tail.base else None,
    )
