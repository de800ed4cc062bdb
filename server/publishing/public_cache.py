"""What is public: found, rendered and compressed once, then the same bytes for everybody.

An answer is for ever: it belongs to one version. What may change is which version is public: see
`public_pointers`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from collab.errors import Code, Rejected
from collab.page.html import Public
from server.publishing.public_pointers import PublicPointers
from server.publishing.public_response import Found, found, written
from server.publishing.public_values import Place, PublicValues
from server.runtime.encoded import Position, compress_well
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.ids import DocKey
    from server.documents.hub import Hub
    from server.publishing.public_request import Asked
    from server.runtime.clock import Clock
    from server.runtime.settings import Settings

OVERHEAD = 2048  # what an answer takes beside its body


class Which(NamedTuple):
    """One answer: what was asked for, the version and epoch that it is of, and its coding."""

    asked: Asked
    version: int
    epoch: int
    coding: str

    @property
    def at(self) -> Position:
        return Position(self.epoch, self.version)


class Published:
    """The shared cache.

    Invariant: an answer is only given for a document whose public version was looked up within
    the last second, and not moved here since; answers take at most `published_cache` bytes.
    """

    def __init__(self, hub: Hub, clock: Clock, settings: Settings) -> None:
        self._most = settings.published_cache
        self.public = Public(settings.public_url, settings.frame_ancestors)
        self._cache_control = (
            f"public, max-age={settings.published_max_age:g}, "
            f"stale-while-revalidate={settings.published_stale:g}"
        ).encode()
        self._answers: OrderedDict[Which, Found] = OrderedDict()
        self._locks: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()
        self._pointers = PublicPointers(hub.store, clock)
        self.values = PublicValues(hub)
        self.bytes = 0

    def forget(self, key: DocKey) -> None:
        """What is public was moved, or is gone: ask the database before the next answer."""
        self._pointers.forget(key)

    def at_hand(self, asked: Asked, coding: str) -> Found | None:
        """The answer, if it needs nobody."""
        known = self._pointers.at_hand(asked.key)
        if known is None or not known.version:  # an older version is not public either, then
            return None
        which = Which(asked, asked.version or known.version, known.epoch, coding)
        answer = self._answers.get(which)
        if answer is not None:
            self._answers.move_to_end(which)
        return answer

    async def fetch(self, asked: Asked, coding: str) -> Found | None:
        """The answer; None where nobody may tell from its absence what is missing."""
        known = await self._pointers.fetch(asked.key)
        if not known.version:
            return None
        which = Which(asked, asked.version or known.version, known.epoch, coding)
        if which in self._answers:
            return self._answers[which]
        if asked.version and not await self._pointers.was_public(asked.key, known, asked.version):
            return None
        return await self._answer(which)

    async def _answer(self, which: Which) -> Found | None:
        """Made once, however many wait for it."""
        slug = which.asked.slug
        if slug is not None and self.values.lacks(place_of(which), slug):
            return None
        async with self._lock(which):
            if which in self._answers:
                return self._answers[which]
            answer = await self._make(which)
            # A version that was asked for by its number may be made public yet; and names that
            # lead nowhere are without number, so that none of them is kept.
            if answer is not None:
                self._keep(which, answer)
        return answer

    async def _make(self, which: Which) -> Found | None:
        if which.coding:
            plain = await self._answer(which._replace(coding=""))
            if plain is None:
                return None
            body = await run_in_thread(compress_well, which.coding, plain.body)
            return found(body, plain.kind, which.at, which.coding, self._cache_control)
        try:
            value = await self.values.value(place_of(which))
        except Rejected as rejected:
            if rejected.refusal.code is not Code.UNKNOWN_VERSION:
                raise
            return None
        made = await run_in_thread(written, value, which.asked, self.public)
        return None if made is None else found(*made, which.at, "", self._cache_control)

    def _keep(self, which: Which, answer: Found) -> None:
        self._answers[which] = answer
        self.bytes += _size(answer)
        while self._most and self.bytes > self._most:
            _, gone = self._answers.popitem(last=False)
            self.bytes -= _size(gone)

    def _lock(self, of: object) -> asyncio.Lock:
        return self._locks.setdefault(of, asyncio.Lock())


def _size(answer: Found) -> int:
    return OVERHEAD + len(answer.body)


def place_of(which: Which) -> Place:
    return Place(which.asked.key, which.version, which.epoch)
