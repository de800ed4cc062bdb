"""Stale answers: answers from a room's memory that the store may contradict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collab.entry import Accepted
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom


class StaleAnswers:
    """Finds rooms whose answers used stale locks, a stale head or an evicted request id."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def find_stale_rooms(self, lives: Sequence[LiveRoom]) -> set[LiveRoom]:
        """Return the rooms that must apply their batches again.

        Requests that make an entry need no check here: in a stale room their commit clashes.
        """
        stale: set[LiveRoom] = set()
        for live in lives:
            for user, ids in live.batch.ids_to_verify(live.room.ids).items():
                if found := await self._hub.store.find_accepted(live.key, user, ids):
                    await remember_accepted(self._hub, live, found)
                    stale.add(live)
            if live.batch.was_refused_by_locks() and not await has_current_locks(self._hub, live):
                stale.add(live)
            if live.batch.was_refused_as_stale() and not await self._is_at_head(live):
                stale.add(live)
        return stale

    async def _is_at_head(self, live: LiveRoom) -> bool:
        position = await self._hub.store.position(live.key)
        if position is None:
            return not live.room.exists
        return (position.epoch, position.version) == (live.room.epoch, live.room.version)


async def remember_accepted(hub: Hub, live: LiveRoom, accepted: Sequence[Accepted]) -> None:
    """Note in the room that the store has already accepted these requests."""
    for one in accepted:
        live.room.ids.add_stored(await hub.history.answer(live.key, one))


async def has_current_locks(hub: Hub, live: LiveRoom) -> bool:
    """Whether the room's locks are current: the store has the same revision."""
    position = await hub.store.position(live.key)
    if position is None:
        return not live.room.exists
    return position.revision == live.room.control.revision
