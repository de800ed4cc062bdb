"""The cache of public responses: each response is rendered and compressed once for all readers.

A response belongs to one version, and a version never changes. Only the number of the version that
is public changes (`server.publishing.public_pointers`).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from collab.errors import Code, Rejected
from collab.page.html import Public
from server.publishing.public_pointers import PublicPointers
from server.publishing.public_response import PublicResponse, public_response, render_body
from server.publishing.public_values import PublicValues, VersionKey
from server.runtime.encoded import Position, compress_well
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.ids import DocKey
    from server.documents.hub import Hub
    from server.publishing.public_request import PublicRequest
    from server.runtime.clock import Clock
    from server.runtime.settings import Settings

OVERHEAD = 2048  # bytes of a cached response beside its body


class ResponseKey(NamedTuple):
    """The key of one response: its request, version, epoch and content coding."""

    asked: PublicRequest
    version: int
    epoch: int
    coding: str

    @property
    def at(self) -> Position:
        return Position(self.epoch, self.version)


class PublicCache:
    """The shared cache of public responses.

    Invariant: a response is returned only if the document's public version was read within the
    last second, and this process has not changed it since. Responses take at most
    `published_cache` bytes.
    """

    def __init__(self, hub: Hub, clock: Clock, settings: Settings) -> None:
        self._most = settings.published_cache
        self.public = Public(settings.public_url, settings.frame_ancestors)
        self._cache_control = (
            f"public, max-age={settings.published_max_age:g}, "
            f"stale-while-revalidate={settings.published_stale:g}"
        ).encode()
        self._answers: OrderedDict[ResponseKey, PublicResponse] = OrderedDict()
        self._locks: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()
        self._pointers = PublicPointers(hub.store, clock)
        self.values = PublicValues(hub)
        self.bytes = 0

    def forget(self, key: DocKey) -> None:
        """Drop the cached number of a document's public version, because it has changed."""
        self._pointers.forget(key)

    def cached(self, asked: PublicRequest, coding: str) -> PublicResponse | None:
        """Return the response, if the cache has it and its public version is fresh; else None."""
        known = self._pointers.cached(asked.key)
        if known is None or not known.version:  # nothing is public, so older versions are not
            return None
        key = ResponseKey(asked, asked.version or known.version, known.epoch, coding)
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    async def fetch(self, asked: PublicRequest, coding: str) -> PublicResponse | None:
        """Return the response; None when nothing public has this URL."""
        known = await self._pointers.fetch(asked.key)
        if not known.version:
            return None
        key = ResponseKey(asked, asked.version or known.version, known.epoch, coding)
        if key in self._answers:
            return self._answers[key]
        if asked.version and not await self._pointers.was_public(asked.key, known, asked.version):
            return None
        return await self._answer(key)

    async def _answer(self, key: ResponseKey) -> PublicResponse | None:
        """Return the response, which is made once for all requests that wait for it."""
        slug = key.asked.slug
        if slug is not None and self.values.has_no_page(version_key(key), slug):
            return None
        async with self._lock(key):
            if key in self._answers:
                return self._answers[key]
            answer = await self._make(key)
            # Do not cache that a page is absent: the version may be published later, and clients
            # can invent any number of page names.
            if answer is not None:
                self._keep(key, answer)
        return answer

    async def _make(self, key: ResponseKey) -> PublicResponse | None:
        if key.coding:
            plain = await self._answer(key._replace(coding=""))
            if plain is None:
                return None
            body = await run_in_thread(compress_well, key.coding, plain.body)
            return public_response(body, plain.kind, key.at, key.coding, self._cache_control)
        try:
            value = await self.values.value(version_key(key))
        except Rejected as rejected:
            if rejected.refusal.code is not Code.UNKNOWN_VERSION:
                raise
            return None
        made = await run_in_thread(render_body, value, key.asked, self.public)
        return None if made is None else public_response(*made, key.at, "", self._cache_control)

    def _keep(self, key: ResponseKey, answer: PublicResponse) -> None:
        self._answers[key] = answer
        self.bytes += _size(answer)
        while self._most and self.bytes > self._most:
            _, gone = self._answers.popitem(last=False)
            self.bytes -= _size(gone)

    def _lock(self, of: object) -> asyncio.Lock:
        return self._locks.setdefault(of, asyncio.Lock())


def _size(answer: PublicResponse) -> int:
    return OVERHEAD + len(answer.body)


def version_key(key: ResponseKey) -> VersionKey:
    return VersionKey(key.asked.key, key.version, key.epoch)
