"""What is public: found, rendered and compressed once, then the same bytes for everybody.

An answer is for ever: it belongs to one version. What may change is which version is public, and
that the database is asked once a second at most, and not at all for what this process has moved.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

import brotli
import msgspec
from starlette.responses import Response
from starlette.types import Scope

from collab.errors import Code, Rejected
from collab.ids import DocKey, Json, is_doc_name, is_tenant_name
from collab.page.html import render

if TYPE_CHECKING:
    from server.clock import Clock
    from server.hub import Hub
    from server.settings import Settings

VALUES, PAGES = "/v1/published/", "/p/"
FRESH_SECONDS = 1.0
MAX_STANDINGS = 10_000
_OVERHEAD = 1024  # what an answer takes beside its body
_BROTLI_FAST = 256 * 1024  # beyond it the best compression takes too long: 0.4 s a megabyte

Headers = list[tuple[bytes, bytes]]


class Asked(NamedTuple):
    """Whose value, which version of it (0 for the public one), and as which page, if as one."""

    key: DocKey
    version: int
    slug: str | None


class Which(NamedTuple):
    """One answer: what was asked for, the version and epoch that it is of, and its coding."""

    asked: Asked
    version: int
    epoch: int
    coding: str


@dataclass(frozen=True, slots=True)
class Found:
    """An answer as it leaves; `tag` is its entity tag, a hash of the very bytes."""

    body: bytes
    tag: bytes
    headers: Headers
    unchanged: Headers  # those of a 304


@dataclass(slots=True)
class _Known:
    """What the database said of a document, and when; `version` 0 for nothing public."""

    version: int
    epoch: int
    at: float


class Published:
    """The shared cache.

    Invariant: an answer is only given for a document whose public version was looked up within
    the last second, or moved here since; answers take at most `published_cache` bytes.
    """

    def __init__(self, hub: Hub, clock: Clock, settings: Settings) -> None:
        self._hub = hub
        self._clock = clock
        self._most = settings.published_cache
        stale = f", stale-while-revalidate={settings.published_stale:g}"
        self._cache_control = f"public, max-age={settings.published_max_age:g}{stale}".encode()
        self._known: OrderedDict[DocKey, _Known] = OrderedDict()
        self._answers: OrderedDict[Which, Found | None] = OrderedDict()
        self._locks: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()
        self._moves = 0
        self.bytes = 0

    def forget(self, key: DocKey) -> None:
        """What is public was moved, or is gone: ask the database before the next answer."""
        self._known.pop(key, None)
        self._moves += 1

    def at_hand(self, asked: Asked, coding: str) -> Found | None:
        """The answer, if it needs nobody."""
        known = self._known.get(asked.key)
        if known is None or self._clock.monotonic() - known.at >= FRESH_SECONDS:
            return None
        if not known.version:  # an older version is not public either, then
            return None
        which = Which(asked, asked.version or known.version, known.epoch, coding)
        found = self._answers.get(which)
        if found is not None:
            self._answers.move_to_end(which)
        return found

    async def fetch(self, asked: Asked, coding: str) -> Found | None:
        """The answer; None where nobody may tell from its absence what is missing."""
        known = await self._look_up(asked.key)
        if not known.version:
            return None
        return await self._answer(Which(asked, asked.version or known.version, known.epoch, coding))

    # --- which version ----------------------------------------------------------------------

    async def _look_up(self, key: DocKey) -> _Known:
        """At most one question at a time for a document, and one a second."""
        async with self._lock(key):
            known = self._known.get(key)
            now = self._clock.monotonic()
            if known is not None and now - known.at < FRESH_SECONDS:
                return known
            moves = self._moves
            row = await self._hub.store.row(key)
            known = _Known(row.published if row else 0, row.epoch if row else 0, now)
            if moves == self._moves:  # else it may have been moved after it was read
                self._known[key] = known
                self._known.move_to_end(key)
                while len(self._known) > MAX_STANDINGS:
                    self._known.popitem(last=False)
            return known

    async def _was_public(self, key: DocKey, version: int) -> bool:
        return bool(await self._hub.store.publications(key, version - 1, version))

    # --- what is answered -------------------------------------------------------------------

    async def _answer(self, which: Which) -> Found | None:
        """Made once, however many wait for it."""
        async with self._lock(which):
            if which in self._answers:
                return self._answers[which]
            found = await self._make(which)
            self._keep(which, found)
        return found

    async def _make(self, which: Which) -> Found | None:
        asked, coding = which.asked, which.coding
        if coding:
            plain = await self._answer(which._replace(coding=""))
            if plain is None:
                return None
            body = await asyncio.to_thread(compress, coding, plain.body)
            return self._found(which, body, _kind(plain))
        if asked.version and not await self._was_public(asked.key, asked.version):
            return None
        try:
            value = await self._value(which)
        except Rejected as rejected:
            if rejected.refusal.code is not Code.UNKNOWN_VERSION:
                raise
            return None
        made = await asyncio.to_thread(_written, value, asked)
        return None if made is None else self._found(which, *made)

    async def _value(self, which: Which) -> Json:
        live = self._hub.lives.get(which.asked.key)
        if live is not None and live.room.exists:
            room = live.room
            if (room.version, room.epoch) == (which.version, which.epoch):
                return room.value
        return await self._hub.history.value_at(which.asked.key, which.version, which.epoch)

    def _found(self, which: Which, body: bytes, kind: Headers) -> Found:
        tag = b'"%s"' % blake2b(body, digest_size=12).hexdigest().encode()
        unchanged: Headers = [
            (b"etag", tag),
            (b"cache-control", self._cache_control),
            (b"vary", b"Accept-Encoding"),
            (b"weft-version", b"%d" % which.version),
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", b"ETag, Weft-Version"),
        ]
        headers = [*unchanged, *kind, (b"content-length", b"%d" % len(body))]
        if which.coding:
            headers.append((b"content-encoding", which.coding.encode()))
        return Found(body, tag, headers, unchanged)

    def _keep(self, which: Which, found: Found | None) -> None:
        self._answers[which] = found
        self.bytes += _size(found)
        while self._most and self.bytes > self._most:
            _, gone = self._answers.popitem(last=False)
            self.bytes -= _size(gone)

    def _lock(self, of: object) -> asyncio.Lock:
        return self._locks.setdefault(of, asyncio.Lock())


def _size(found: Found | None) -> int:
    return _OVERHEAD + (0 if found is None else len(found.body))


# --- bytes ----------------------------------------------------------------------------------

_JSON: Headers = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_PLAIN = {b"etag", b"content-length", b"content-encoding"}


def _written(value: Json, asked: Asked) -> tuple[bytes, Headers] | None:
    """The value, or a page of it, and the headers of its kind."""
    if asked.slug is None:
        return msgspec.json.encode(value), _JSON
    page = render(value, asked.slug, f"/p/{asked.key.tenant}/{asked.key.doc}")
    if page is None:
        return None
    return page.html.encode(), [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", page.policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
    ]


def _kind(plain: Found) -> Headers:
    return [each for each in plain.headers if each not in plain.unchanged and each[0] not in _PLAIN]


def compress(coding: str, body: bytes) -> bytes:
    """Once for everybody, so it may take its time."""
    if coding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    packed: bytes = brotli.compress(body, quality=9 if len(body) <= _BROTLI_FAST else 5)
    return packed


# --- requests -------------------------------------------------------------------------------


def asked_for(scope: Scope) -> Asked | None:
    """What a path under `VALUES` or `PAGES` asks for; None where there can be nothing."""
    path: str = scope["path"]
    as_page = path.startswith(PAGES)
    parts = path[len(PAGES if as_page else VALUES) :].split("/")
    slug: str | None = None
    if as_page:
        slug = parts[2] if len(parts) == 3 else ""
    if len(parts) != 2 and not (as_page and len(parts) == 3 and slug):
        return None
    if not is_tenant_name(parts[0]) or not is_doc_name(parts[1]) or (slug and len(slug) > 128):
        return None
    version = 0
    if scope["query_string"] and not as_page:
        version = _version_in(scope["query_string"])
        if version < 0:
            return None
    return Asked(DocKey(parts[0], parts[1]), version, slug)


def _version_in(query: bytes) -> int:
    """The version that is asked for, 0 for the public one, -1 for what is none."""
    for part in query.split(b"&"):
        name, _, text = part.partition(b"=")
        if name == b"version":
            return int(text) if text.isdigit() and len(text) <= 15 and int(text) else -1
    return 0


def coding_of(scope: Scope) -> tuple[str, bytes]:
    """The best coding that the client takes, and the tags that it has."""
    accepted = known = b""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            accepted = value
        elif name == b"if-none-match":
            known = value
    return (_coding(accepted) if accepted else ""), known


@lru_cache(maxsize=256)
def _coding(accepted: bytes) -> str:
    """RFC 9110, 12.5.3; of two that are taken equally the one that is smaller."""
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, *given = (each.strip() for each in part.split(";"))
        quality = next((each[2:] for each in given if each.startswith("q=")), "1")
        try:
            weights[name] = float(quality)
        except ValueError:
            weights[name] = 0
    offered = [(weights.get(name, weights.get("*", 0)), name) for name in ("gzip", "br")]
    weight, best = max(offered, key=lambda each: (each[0], each[1] == "br"))
    return best if weight > weights.get("identity", 0) or weight >= 1 else ""


def is_known(found: Found, known: bytes) -> bool:
    """Whether the client has these very bytes (RFC 9110, 13.1.2: weak comparison)."""
    return bool(known) and (found.tag in known or known.strip() == b"*")


def respond(found: Found, known: bytes) -> Response:
    """The answer as the framework sends it."""
    if is_known(found, known):
        response = Response(status_code=304)
        response.raw_headers = list(found.unchanged)
        return response
    response = Response(found.body)
    response.raw_headers = list(found.headers)
    return response
