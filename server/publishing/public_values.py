"""A cache of the values of public versions: all pages of a version share one read of the log."""

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

# Bytes of JSON: two documents of the largest size. In memory, a value is several times as large.
KEPT_BYTES = 8 << 20
# The most versions whose page names are kept.
KEPT_SITES = 1000


class VersionKey(NamedTuple):
    """One version of one document."""

    doc: DocKey
    version: int
    epoch: int


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Json
    size: int


class PublicValues:
    """A cache of values, and of the slugs of the pages in each.

    Invariant: the cache reads one value at a time from the log, because a read occupies the event
    loop. After the first read of a version, the cache keeps the names of its pages, for at most
    `KEPT_SITES` versions. It may drop the value earlier.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._kept: OrderedDict[VersionKey, _Kept] = OrderedDict()
        self._slugs: OrderedDict[VersionKey, frozenset[str]] = OrderedDict()
        self._reading = asyncio.Lock()
        self._bytes = 0
        self.reads = 0  # how many values were read from the log

    def has_no_page(self, key: VersionKey, slug: str) -> bool:
        """Whether this version is known to have no such page."""
        slugs = self._slugs.get(key)
        return slugs is not None and slug not in slugs

    async def value(self, key: VersionKey) -> Json:
        """Return the value; raise `unknown_version` when the log does not have it any more."""
        live = self._hub.lives.get(key.doc)
        if live is not None and live.room.exists:
            room = live.room
            if (room.version, room.epoch) == (key.version, key.epoch):
                await self._note(key, room.value)
                return room.value
        async with self._reading:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept.value
            self.reads += 1
            value = await self._hub.history.value_at(key.doc, key.version)
            self._keep(key, _Kept(value, await self._note(key, value)))
            return value

    async def _note(self, key: VersionKey, value: Json) -> int:
        """Keep the page names of a value; return the size of its JSON."""
        slugs, size = await run_in_thread(_inspect, value)
        self._slugs[key] = slugs
        self._slugs.move_to_end(key)
        while len(self._slugs) > KEPT_SITES:
            self._slugs.popitem(last=False)
        return size

    def _keep(self, key: VersionKey, kept: _Kept) -> None:
        self._kept[key] = kept
        self._bytes += kept.size
        while self._bytes > KEPT_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.size


def _inspect(value: Json) -> tuple[frozenset[str], int]:
    site = Site(value)
    slugs = {page.slug for page in site.pages if page.slug} | ({""} if site.home else set())
    return frozenset(slugs), len(msgspec.json.encode(value))
