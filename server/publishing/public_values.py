"""The values of public versions: each is read from the log once, however many pages it has."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from collab.page.site import Site
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.ids import DocKey, Json
    from server.documents.hub import Hub

# As JSON; in memory a value is several times as large. Two documents of the largest size.
KEPT_BYTES = 8 << 20
# Of so many versions it is known which pages they have.
KEPT_SITES = 1000


class Place(NamedTuple):
    """One version of one document."""

    key: DocKey
    version: int
    epoch: int


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Json
    size: int


class PublicValues:
    """What pages are made of.

    Invariant: one value at a time is read from the log, which takes the event loop; whether a
    version has a page is known without its value, once it was read.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._kept: OrderedDict[Place, _Kept] = OrderedDict()
        self._slugs: OrderedDict[Place, frozenset[str]] = OrderedDict()
        self._reading = asyncio.Lock()
        self._bytes = 0
        self.reads = 0  # from the log

    def lacks(self, place: Place, slug: str) -> bool:
        """Whether this version is known to have no such page."""
        slugs = self._slugs.get(place)
        return slugs is not None and slug not in slugs

    async def value(self, place: Place) -> Json:
        """The value; raises `unknown_version` where it is not kept any more."""
        live = self._hub.lives.get(place.key)
        if live is not None and live.room.exists:
            room = live.room
            if (room.version, room.epoch) == (place.version, place.epoch):
                await self._note(place, room.value)
                return room.value
        async with self._reading:
            kept = self._kept.get(place)
            if kept is not None:
                self._kept.move_to_end(place)
                return kept.value
            self.reads += 1
            value = await self._hub.history.value_at(place.key, place.version)
            self._keep(place, _Kept(value, await self._note(place, value)))
            return value

    async def _note(self, place: Place, value: Json) -> int:
        """Remember which pages there are; how large the value is."""
        slugs, size = await run_in_thread(_judge, value)
        self._slugs[place] = slugs
        self._slugs.move_to_end(place)
        while len(self._slugs) > KEPT_SITES:
            self._slugs.popitem(last=False)
        return size

    def _keep(self, place: Place, kept: _Kept) -> None:
        self._kept[place] = kept
        self._bytes += kept.size
        while self._bytes > KEPT_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.size


def _judge(value: Json) -> tuple[frozenset[str], int]:
    site = Site(value)
    slugs = {page.slug for page in site.pages if page.slug} | ({""} if site.home else set())
    return frozenset(slugs), len(msgspec.json.encode(value))
